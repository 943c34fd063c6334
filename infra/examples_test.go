package infra

import (
	"testing"

	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty/convert"
)

// TestExamplesOfVariables: each module's terraform.tfvars.example sets variables that there are, to values of their types,
// and all that have no default.
func TestExamplesOfVariables(t *testing.T) {
	t.Parallel()
	for _, dir := range moduleNames() {
		parsed, problems := hclparse.NewParser().ParseHCL(readRepoFile(t, dir+"/terraform.tfvars.example"), dir)
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		m, set := loadModule(t, dir), parsed.Body.(*hclsyntax.Body).Attributes
		for name, a := range set {
			declared := m.findBlocks("variable", name)
			if len(declared) != 1 {
				t.Errorf("%s has no variable %s", dir, name)
				continue
			}
			kind, _ := typeexpr.TypeConstraint(declared[0].Body.Attributes["type"].Expr)
			value, problems := a.Expr.Value(nil)
			if problems.HasErrors() {
				t.Fatal(problems)
			}
			if _, err := convert.Convert(value, kind); err != nil {
				t.Errorf("%s: %s: %v", dir, name, err)
			}
		}
		for _, b := range m.findBlocks("variable") {
			if b.Body.Attributes["default"] == nil && set[b.Labels[0]] == nil {
				t.Errorf("%s: the example lacks %s, which has no default", dir, b.Labels[0])
			}
		}
	}
}
