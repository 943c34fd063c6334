package infra

import (
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// evalContext returns what expressions of a module may name: its variables, locals, resources and data, of which the
// types are known and the values are not, and Terraform's functions, as far as the modules use them.
func (m module) evalContext(s providerSchema) *hcl.EvalContext {
	variables := map[string]cty.Value{}
	for _, b := range m.findBlocks("variable") {
		kind, problems := typeexpr.TypeConstraint(b.Body.Attributes["type"].Expr)
		if problems.HasErrors() {
			kind = cty.DynamicPseudoType
		}
		variables[b.Labels[0]] = cty.UnknownVal(kind)
	}
	all := map[string]cty.Value{
		"var":  cty.ObjectVal(variables),
		"path": cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(m.dir)}),
	}
	for kind, resources := range m.objects("resource", s.Resources) {
		all[kind] = resources
	}
	all["data"] = cty.ObjectVal(m.objects("data", s.Data))
	context := &hcl.EvalContext{Variables: all, Functions: terraformFunctions()}
	m.addLocals(context)
	return context
}

// objects returns all resources, or all data, by their kinds.
func (m module) objects(blockType string, known map[string]blockSchema) map[string]cty.Value {
	byKind := map[string]map[string]cty.Value{}
	for _, b := range m.findBlocks(blockType) {
		kind := known[b.Labels[0]].object()
		if b.Body.Attributes["count"] != nil {
			kind = cty.List(kind)
		}
		if b.Body.Attributes["for_each"] != nil {
			kind = cty.Map(kind)
		}
		if byKind[b.Labels[0]] == nil {
			byKind[b.Labels[0]] = map[string]cty.Value{}
		}
		byKind[b.Labels[0]][b.Labels[1]] = cty.UnknownVal(kind)
	}
	all := map[string]cty.Value{}
	for kind, named := range byKind {
		all[kind] = cty.ObjectVal(named)
	}
	return all
}

// addLocals adds the locals, which may name each other: as often as there are some, since then all are known.
func (m module) addLocals(to *hcl.EvalContext) {
	locals := map[string]cty.Value{}
	for _, b := range m.findBlocks("locals") {
		for name := range b.Body.Attributes {
			locals[name] = cty.DynamicVal
		}
	}
	for range locals {
		to.Variables["local"] = cty.ObjectVal(locals)
		next := map[string]cty.Value{}
		for _, b := range m.findBlocks("locals") {
			for name, a := range b.Body.Attributes {
				next[name], _ = a.Expr.Value(to)
			}
		}
		locals = next
	}
	to.Variables["local"] = cty.ObjectVal(locals)
}

// terraformFunctions returns the functions of https://developer.hashicorp.com/terraform/language/functions that modules
// use. Those that read files, of which a function's package may not be there, return a text that is not known.
func terraformFunctions() map[string]function.Function {
	text := function.New(&function.Spec{
		VarParam: &function.Parameter{Name: "arguments", Type: cty.DynamicPseudoType, AllowDynamicType: true, AllowUnknown: true},
		Type:     function.StaticReturnType(cty.String),
		Impl:     func([]cty.Value, cty.Type) (cty.Value, error) { return cty.UnknownVal(cty.String), nil },
	})
	return map[string]function.Function{
		"file": text, "templatefile": text, "filesha256": text, "filebase64sha256": text,
		"can": tryfunc.CanFunc, "concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc, "join": stdlib.JoinFunc, "length": stdlib.LengthFunc,
		"jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc, "regex": stdlib.RegexFunc, "trimspace": stdlib.TrimSpaceFunc,
		"toset": stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
	}
}

// withFiles returns a context in which file reads a file of this repository.
func withFiles(context *hcl.EvalContext, read func(string) []byte) *hcl.EvalContext {
	child := context.NewChild()
	child.Functions = map[string]function.Function{"file": function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.StringVal(string(read(filepath.FromSlash(args[0].AsString())))), nil
		},
	})}
	return child
}
