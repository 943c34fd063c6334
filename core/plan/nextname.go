package plan

import (
	"slices"

	"github.com/jms-sync/jms-sync/core/reason"
)

// maxNameTries is how many other names are tried for an asset whose name JumpServer refuses.
const maxNameTries = 3

// WithNextName returns the change with the next name to try after JumpServer refused its name, because an asset
// that the plan did not see has it, or a name that JumpServer calls equal. It is "<name>-<instance id>", then
// numbered from 2. If the asset has that name already, the change is left without a name, and Fields is empty if
// nothing else was to change.
//
// ok is false if there is no other name to try: a person has approved the change with this very name, it is a step
// in which names are passed on (the next run goes on from there), or enough names were tried.
func (c Change) WithNextName() (next Change, ok bool) {
	named := c.Action == Create || c.Action == Update && c.Patch != nil && c.Patch.Name != nil
	if !named || c.assetBuilder == nil || c.reviewed {
		return c, false
	}
	refused := c.Name
	o := c.assetBuilder.rules.outcomeOf(c.instance)
	for c.triedNames < maxNameTries {
		skip := int(c.triedNames)
		c.triedNames++
		name := suffixedName(c.assetBuilder.rules.wantedName(*c.instance, &o), c.InstanceID, func(string) bool {
			skip--
			return skip >= 0
		})
		if name != refused {
			return c.withName(name, refused), true
		}
	}
	return c, false
}

// withName returns the change with another name than the refused one.
func (c Change) withName(name, refused string) Change {
	c.Name = name
	if c.Action == Update {
		patch := *c.Patch
		patch.Name = &name
		if name == c.Before.Name {
			patch.Name = nil
			c.Fields = slices.DeleteFunc(slices.Clone(c.Fields), func(f string) bool { return f == "name" })
		}
		c.Patch = &patch
		if isDescribed(c.Reason.Code) {
			c.Reason = reason.New(c.Reason.Code, describeFields(c))
		}
	}
	if c.Reason.Code == reason.NamedOtherwise {
		c.Reason, _ = c.Reason.Args[0].(reason.Reason)
	}
	c.Reason = reason.New(reason.NamedOtherwise, c.Reason, refused)
	return c
}
