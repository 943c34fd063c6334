package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// noValue is a text that no list of values has.
const noValue = "no-such-value"

// oneOf is how the SDKs of providers refuse a text that is in none of their lists.
var oneOf = regexp.MustCompile(`expected (\S+) to be one of \[(.*?)\], got ` + noValue)

// probe asks a provider which values it takes where the module has a text: the output of terraform providers schema does
// not tell. A copy of the module has noValue instead of each text, and terraform validate says which were expected. It
// returns them by <kind>.<attribute>.
func probe(module string) (map[string][]string, error) {
	dir, err := os.MkdirTemp("", "schemas")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	err = os.CopyFS(dir, os.DirFS(module))
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if err := spoil(file); err != nil {
			return nil, err
		}
	}
	cmd := exec.Command("terraform", "validate", "-json")
	cmd.Dir = dir
	text, err := cmd.Output()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return nil, err
	}
	return expectedValues(text)
}

// expectedValues reads what terraform validate -json said.
func expectedValues(text []byte) (map[string][]string, error) {
	var said struct {
		Diagnostics []struct{ Address, Summary, Detail string }
	}
	if err := json.Unmarshal(text, &said); err != nil {
		return nil, err
	}
	index := regexp.MustCompile(`\.\d+`)
	values := map[string][]string{}
	for _, d := range said.Diagnostics {
		for _, m := range oneOf.FindAllStringSubmatch(d.Summary+" "+d.Detail, -1) {
			kind, _, _ := strings.Cut(strings.TrimPrefix(d.Address, "data."), ".")
			values[kind+"."+index.ReplaceAllString(m[1], "")] = strings.Fields(strings.ReplaceAll(m[2], `"`, ""))
		}
	}
	return values, nil
}

// spoil replaces each text of the resources in a file that is written out, and stands for itself.
func spoil(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	parsed, problems := hclparse.NewParser().ParseHCL(text, file)
	if problems.HasErrors() {
		return problems
	}
	var at []hcl.Range
	for _, b := range parsed.Body.(*hclsyntax.Body).Blocks {
		if b.Type == "resource" {
			at = append(at, literals(b.Body)...)
		}
	}
	slices.SortFunc(at, func(a, b hcl.Range) int { return b.Start.Byte - a.Start.Byte }) // from the end, so that the others stay
	for _, r := range at {
		text = slices.Replace(text, r.Start.Byte, r.End.Byte, []byte(`"`+noValue+`"`)...)
	}
	return os.WriteFile(file, text, 0o644)
}

// literals returns where attributes have texts.
func literals(body *hclsyntax.Body) []hcl.Range {
	var at []hcl.Range
	for _, a := range body.Attributes {
		if t, isText := a.Expr.(*hclsyntax.TemplateExpr); isText && t.IsStringLiteral() {
			at = append(at, t.Range())
		}
	}
	for _, inner := range body.Blocks {
		at = append(at, literals(inner.Body)...)
	}
	return at
}
