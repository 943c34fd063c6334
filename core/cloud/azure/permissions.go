package azure

import (
	"context"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Permissions returns the actions that the calls of this package need at the level of the subscription,
// sorted, as https://learn.microsoft.com/azure/role-based-access-control/permissions/compute, .../networking,
// .../management-and-governance and .../general have them. The built-in role Reader has them all.
func Permissions() []string {
	return slices.Sorted(slices.Values(append(neededActions(),
		"Microsoft.Authorization/permissions/read",
		"Microsoft.ResourceGraph/resources/read",
		"Microsoft.Resources/subscriptions/locations/read",
		"Microsoft.Resources/subscriptions/read",
	)))
}

// neededActions returns the actions without which a list may be short though it is answered with HTTP 200.
func neededActions() []string {
	return []string{
		"Microsoft.Compute/virtualMachineScaleSets/networkInterfaces/read",
		"Microsoft.Compute/virtualMachineScaleSets/publicIPAddresses/read",
		"Microsoft.Compute/virtualMachineScaleSets/read",
		"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read",
		"Microsoft.Compute/virtualMachines/read",
		"Microsoft.Network/networkInterfaces/read",
		"Microsoft.Network/publicIPAddresses/read",
	}
}

// permission is what one role allows, except for notActions. Roles add up.
type permission struct{ actions, notActions []string }

// verifyPermissions asks what the credential may do at the subscription itself, where a right on one of its
// resource groups does not count:
// https://learn.microsoft.com/rest/api/authorization/permissions
func (l *lister) verifyPermissions(ctx context.Context, id string) error {
	const op = "prove the right to list"
	have, err := readPages(ctx, l, op, permission.key, listOfSubscription(l.api.listPermissions, id))
	if err != nil {
		return err
	}
	for _, action := range neededActions() {
		if !slices.ContainsFunc(have, func(p permission) bool { return p.allows(action) }) {
			return l.newPartError(inventory.Denied, op, "the credential has no "+action+
				" on the subscription itself, so that its lists may be short: grant it the role Reader there")
		}
	}
	return nil
}

// key identifies a permission, which has no id, by what it says.
func (p permission) key() string {
	return "+" + strings.Join(p.actions, ",") + "-" + strings.Join(p.notActions, ",")
}

func (p permission) allows(action string) bool {
	return matchesAny(p.actions, action) && !matchesAny(p.notActions, action)
}

// matchesAny reports whether one of the patterns matches; "*" in a pattern stands for any text.
func matchesAny(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return matchesPattern(strings.ToLower(pattern), strings.ToLower(action))
	})
}

func matchesPattern(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, parts[last])
}
