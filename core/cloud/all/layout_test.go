package all_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/all"
)

// layout says which file of an adapter holds what, for those that have it.
func layout() map[string]string {
	return map[string]string{
		"Provider": "provider.go", "info": "provider.go", "Open": "provider.go", "lister": "provider.go", "lister.Owner": "provider.go",
		"lister.List": "list.go", "lister.Find": "verify.go", "lister.FindVerified": "verify.go", "lister.verifyAbsence": "verify.go",
		"lister.Regions": "regions.go", "lister.RegionOfProject": "regions.go", "lister.Projects": "regions.go",
		"Events": "event.go", "eventForms": "event.go", "api": "sdk.go", "newAPI": "sdk.go", "strictTransport": "transport.go", "instanceRow": "rows.go", "convertRow": "rows.go", "factRow": "facts.go",
		"lister.credentials": "credentials.go", "errorKind": "errors.go", "newAPIError": "errors.go", "Permissions": "permissions.go", "AssumePermissions": "permissions.go",
	}
}

// further are the files that an adapter has because its cloud has more.
func further() map[string][]string {
	return map[string][]string{
		"alibaba": {"metadata.go", "swas.go", "swassdk.go", "swasverify.go"}, "aws": {"metadata.go"}, "azure": {"graph.go", "sharing.go"}, "fakecloudtest": {"server.go"},
		"tencent": {"lighthouse.go", "lighthousesdk.go"},
	}
}

// TestAdaptersAreLaidOutAlike: who knows one adapter finds the same things in the same files of all.
func TestAdaptersAreLaidOutAlike(t *testing.T) {
	t.Parallel()
	folders := []string{"fakecloudtest"}
	for _, p := range all.Providers() {
		folders = append(folders, string(p.Cloud))
	}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join("..", folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v: a cloud's folder has the name of the cloud", folder, len(files), err)
		}
		met := map[string]bool{}
		for _, file := range files {
			name := filepath.Base(file)
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			if !slices.Contains(further()[folder], name) && !isOfLayout(name) {
				t.Errorf("%s: no other adapter has a file %s", folder, name)
			}
			for _, what := range declared(t, file) {
				met[what] = true
				if want := layout()[what]; want != "" && want != name {
					t.Errorf("%s: %s stands in %s, and in %s elsewhere", folder, what, name, want)
				}
			}
		}
		for _, what := range []string{"Provider", "info", "Open", "lister.List", "lister.Find", "lister.FindVerified", "lister.Regions", "lister.Owner", "errorKind", "Permissions", "newAPI"} {
			if !met[what] {
				t.Errorf("%s has no %s", folder, what)
			}
		}
	}
}

func isOfLayout(name string) bool {
	for _, file := range layout() {
		if file == name {
			return true
		}
	}
	return false
}

// declared returns the names of a file's functions, methods ("lister.List") and types.
func declared(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range parsed.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names = append(names, receiverOf(d)+d.Name.Name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if of, ok := s.(*ast.TypeSpec); ok {
					names = append(names, of.Name.Name)
				}
			}
		}
	}
	return names
}

// receiverOf returns "lister." for a method of *lister or lister, and "" for a function.
func receiverOf(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	of := d.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	if name, ok := of.(*ast.Ident); ok {
		return name.Name + "."
	}
	return ""
}
