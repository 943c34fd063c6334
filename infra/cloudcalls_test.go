package infra

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	ecs "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ecs/v2"
	iam "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/iam/v3"

	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// callReaders say which right a call of a cloud's code needs, "" for what is no call of an API. The code of each cloud
// makes its calls in a way of its own, that of its SDK.
func callReaders() map[inventory.Cloud]func(t *testing.T, call *ast.CallExpr) string {
	return map[inventory.Cloud]func(*testing.T, *ast.CallExpr) string{
		"alibaba": alibabaCall, "aws": awsCall, "huawei": huaweiCall, "tencent": tencentCall, "azure": azureCall,
	}
}

// cloudCalls returns where in the code of a cloud the calls are made, by the rights that they need.
func cloudCalls(t *testing.T, name inventory.Cloud) map[string]string {
	t.Helper()
	files, err := filepath.Glob(root + "/core/cloud/" + string(name) + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	reader, found := callReaders()[name], map[string]string{}
	if reader == nil {
		t.Fatalf("%s: how does its code call its APIs? Add it to callReaders", name)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		ast.Inspect(parseFile(t, file), func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if right := reader(t, call); right != "" {
					found[right] = strings.TrimPrefix(filepath.ToSlash(file), root+"/")
				}
			}
			return true
		})
	}
	if len(found) == 0 {
		t.Fatalf("%s: no call was found", name)
	}
	return found
}

// textArgument returns the i-th argument if it is a text that is written out.
func textArgument(call *ast.CallExpr, i int) string {
	if i >= len(call.Args) {
		return ""
	}
	literal, ok := call.Args[i].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(literal.Value)
	if err != nil {
		return ""
	}
	return text
}

// calledName returns the name of what is called, without what it is called on and without type arguments.
func calledName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.IndexExpr:
		return dottedName(f.X)
	}
	return ""
}

// alibabaCall reads ecs.CreateDescribeRegionsRequest() and s.callSWAS(ctx, credentials, "ListRegions", …).
func alibabaCall(_ *testing.T, call *ast.CallExpr) string {
	product, maker, _ := strings.Cut(dottedName(call.Fun), ".")
	action, isMaker := strings.CutPrefix(maker, "Create")
	switch {
	case isMaker && strings.HasSuffix(action, "Request"):
		return product + ":" + strings.TrimSuffix(action, "Request")
	case calledName(call) == "callSWAS":
		return "swas-open:" + textArgument(call, 2)
	}
	return ""
}

// awsCall reads s.ec2.DescribeRegions(…).
func awsCall(_ *testing.T, call *ast.CallExpr) string {
	method, isMethod := call.Fun.(*ast.SelectorExpr)
	if !isMethod || !method.Sel.IsExported() {
		return ""
	}
	client, isField := method.X.(*ast.SelectorExpr)
	if !isField || dottedName(client.X) != "s" || !slices.Contains([]string{"ec2", "sts"}, client.Sel.Name) {
		return ""
	}
	return client.Sel.Name + ":" + method.Sel.Name
}

// huaweiCall reads ecs.GenReqDefForShowServer(). The right is that of the path which the SDK calls.
func huaweiCall(t *testing.T, call *ast.CallExpr) string {
	t.Helper()
	if !strings.HasPrefix(calledName(call), "GenReqDefFor") {
		return ""
	}
	for name, needs := range map[string]struct{ path, documented, right string }{
		"ecs.GenReqDefForListServersDetails": {ecs.GenReqDefForListServersDetails().Path, "/v1/{project_id}/cloudservers/detail", "ecs:cloudServers:list"},
		"ecs.GenReqDefForShowServer":         {ecs.GenReqDefForShowServer().Path, "/v1/{project_id}/cloudservers/{server_id}", "ecs:cloudServers:showServer"},
		"iam.GenReqDefForKeystoneListProjects": {
			iam.GenReqDefForKeystoneListProjects().Path, "/v3/projects", "iam:projects:listProjects",
		},
		// It takes no right: https://support.huaweicloud.com/api-iam/iam_06_0003.html.
		"iam.GenReqDefForKeystoneListAuthProjects": {iam.GenReqDefForKeystoneListAuthProjects().Path, "/v3/auth/projects", ""},
	} {
		if name == dottedName(call.Fun) {
			if needs.path != needs.documented {
				t.Errorf("%s calls %s, the right is documented for %s", name, needs.path, needs.documented)
			}
			return needs.right
		}
	}
	t.Errorf("huawei: which right does %s need?", dottedName(call.Fun))
	return ""
}

// tencentCall reads cvm.NewDescribeInstancesRequest() and callGeneric[T](ctx, s, credentials, serviceSTS, version, region,
// "GetCallerIdentity", …).
func tencentCall(t *testing.T, call *ast.CallExpr) string {
	t.Helper()
	action, isMaker := strings.CutPrefix(dottedName(call.Fun), "cvm.New")
	switch {
	case isMaker && strings.HasSuffix(action, "Request"):
		return "cvm:" + strings.TrimSuffix(action, "Request")
	case calledName(call) != "callGeneric":
		return ""
	}
	service := map[string]string{"serviceSTS": "sts", "serviceRegion": "region", "serviceLighthouse": "lighthouse"}[dottedName(call.Args[3])]
	if service == "" || textArgument(call, 6) == "" {
		t.Errorf("tencent: a call of %s is not understood", dottedName(call.Args[3]))
	}
	return service + ":" + textArgument(call, 6)
}

// azureCall reads the paths of newLister and newSetLister, and the other calls of Resource Manager by what they ask for.
func azureCall(t *testing.T, call *ast.CallExpr) string {
	t.Helper()
	switch calledName(call) {
	case "newLister":
		path := azurePath(call.Args[1])
		if provider, ok := strings.CutPrefix(path, "/providers/"); ok {
			return provider + "/read"
		}
		return "Microsoft.Resources/subscriptions" + path + "/read"
	case "newSetLister":
		return "Microsoft.Compute/virtualMachineScaleSets" + azurePath(call.Args[1]) + "/read"
	case "Resources":
		return "Microsoft.ResourceGraph/resources/read"
	case "getDocument":
		join, isCall := call.Args[1].(*ast.CallExpr)
		switch {
		case dottedName(call.Args[1]) == "path": // getPage, of the lists
			return ""
		case isCall && calledName(join) == "Join": // getMachine, by its id
			return "Microsoft.Compute/virtualMachines/read"
		case azurePath(call.Args[1]) == "/subscriptions/":
			return "Microsoft.Resources/subscriptions/read"
		}
		t.Errorf("azure: which right does a call of getDocument need?")
	case "getPage":
		if textArgument(call, 2) == "/subscriptions" {
			return "Microsoft.Resources/subscriptions/read"
		}
	}
	return ""
}

// azurePath returns a text, with sdk.go's constants of providers in it, as far as it is written out.
func azurePath(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		if err == nil {
			return text
		}
	case *ast.Ident:
		return map[string]string{"compute": "/providers/Microsoft.Compute/", "network": "/providers/Microsoft.Network/"}[e.Name]
	case *ast.BinaryExpr:
		return azurePath(e.X) + azurePath(e.Y)
	}
	return ""
}

// TestPermissionsAreTheCalls: what each cloud's code calls is what it says that its key needs, for its instances of all
// kinds; the right to assume a role stands apart.
func TestPermissionsAreTheCalls(t *testing.T) {
	t.Parallel()
	clouds := 0
	for _, c := range cloudlist.Clouds() {
		clouds++
		want := slices.Concat(c.Permissions, c.AssumePermissions)
		for _, kind := range c.Kinds {
			want = append(want, kind.Permissions...)
		}
		calls := cloudCalls(t, c.Cloud)
		for _, right := range want {
			if calls[right] == "" {
				t.Errorf("%s: nothing calls what needs %s", c.Cloud, right)
			}
		}
		for right, file := range calls {
			if !slices.Contains(want, right) {
				t.Errorf("%s calls what needs %s, which no list of permissions has", file, right)
			}
		}
	}
	if clouds != len(callReaders()) {
		t.Errorf("%d clouds, %d of which are understood", clouds, len(callReaders()))
	}
}
