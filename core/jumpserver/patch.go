package jumpserver

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// patchBody returns the body of a patch, without the host's id.
func (c *Client) patchBody(f *facts, zone string, p inventory.Patch) map[string]any {
	body := map[string]any{}
	if p.Platform != nil {
		body["platform"] = map[string]int{"pk": f.platforms[*p.Platform].ID} // a list takes no number
	}
	if p.NodeIDs != nil {
		body["nodes"] = p.NodeIDs
	}
	if p.Protocols != nil {
		body["protocols"] = protocolRows(p.Protocols)
	}
	if p.Name != nil {
		body["name"] = *p.Name
	}
	if p.Address != nil {
		body["address"] = *p.Address
	}
	if p.Active != nil {
		body["is_active"] = *p.Active
	}
	if p.Comment != nil {
		body["comment"] = *p.Comment
	}
	if p.Labels != nil {
		body["labels"] = c.labelIDs.requestBodies(p.Labels)
	}
	if p.Zone != nil {
		body[zone] = nil
		if *p.Zone != "" {
			body[zone] = *p.Zone
		}
	}
	return body
}

func (c *Client) validatePatch(ctx context.Context, p inventory.Patch) error {
	op := "update host " + p.ID
	if !isUUID(p.ID) {
		return newInvalidError("update host", "the id %s is not a UUID", quote(p.ID))
	}
	if p.NodeIDs != nil && len(p.NodeIDs) == 0 {
		return newInvalidError(op, "it would have no node") // JumpServer moves it to the root
	}
	if err := validateFields(op, p); err != nil || p.Platform == nil {
		return err
	}
	missing, err := c.MissingPlatforms(ctx, []string{*p.Platform})
	if err == nil && len(missing) > 0 {
		err = newInvalidError(op, "JumpServer has no host platform %s", quote(*p.Platform))
	}
	return err
}

func isEmptyPatch(p inventory.Patch) bool {
	return p.Name == nil && p.Address == nil && p.Zone == nil && p.Comment == nil && p.Platform == nil && !mustBeFresh(p)
}

var errNotApplied = errors.New("JumpServer took the request and kept something else")

// verifyPatched returns nil if the host in the answer is of this organisation and as was asked.
func (c *Client) verifyPatched(op string, want inventory.Patch, row *hostRow) error {
	if row.OrgID != "" && !strings.EqualFold(row.OrgID, c.orgID) {
		// The key lost its organisation since that was verified: JumpServer writes to DEFAULT then.
		return newError(inventory.Organisation, "jumpserver: "+op+": the host is of organisation "+quote(row.OrgID)+", but "+c.orgID+" is configured", nil)
	}
	differences := patchDifferences(want, row)
	if len(differences) == 0 {
		return nil
	}
	return newError(inventory.Invalid, "jumpserver: "+op+": "+strings.Join(differences, ", "), errNotApplied)
}

func patchDifferences(want inventory.Patch, row *hostRow) []string {
	var differences []string
	differ := func(field string, wanted *string, got string) {
		if wanted != nil && *wanted != got {
			differences = append(differences, fmt.Sprintf("%s %s instead of %s", field, quote(got), quote(*wanted)))
		}
	}
	address := ""
	if row.Address != nil {
		address = *row.Address
	}
	id := strings.ToLower(want.ID)
	differ("id", &id, strings.ToLower(row.ID))
	differ("name", want.Name, row.Name)
	differ("address", want.Address, address)
	if want.Zone != nil {
		zone := strings.ToLower(*want.Zone)
		differ("zone", &zone, strings.ToLower(row.zoneOfRow().id))
	}
	if want.Comment != nil && strings.TrimSpace(*want.Comment) != strings.TrimSpace(row.Comment) { // JumpServer trims comments
		differences = append(differences, "another comment")
	}
	if want.Active != nil && (row.Active == nil || *row.Active != *want.Active) {
		differences = append(differences, fmt.Sprintf("is_active %t", !*want.Active))
	}
	differ("platform", want.Platform, row.Platform.Name)
	if want.NodeIDs != nil && nodesOf(row.Nodes) != joinIDs(want.NodeIDs) {
		differences = append(differences, fmt.Sprintf("nodes %s instead of %s", quote(nodesOf(row.Nodes)), quote(joinIDs(want.NodeIDs))))
	}
	if want.Protocols != nil && !sameProtocols(want.Protocols, row.Protocols) {
		differences = append(differences, fmt.Sprintf("protocols %v instead of %v", row.Protocols, want.Protocols))
	}
	if want.Labels != nil && !sameLabels(want.Labels, row.labelsOfRow()) {
		differences = append(differences, fmt.Sprintf("labels %q instead of %q", labelTexts(row.labelsOfRow()), labelTexts(want.Labels)))
	}
	return differences
}

func (r *hostRow) labelsOfRow() []inventory.Label {
	if r.Labels == nil {
		return nil
	}
	labels := make([]inventory.Label, len(*r.Labels))
	for i, l := range *r.Labels {
		labels[i] = inventory.Label{Name: l.Name, Value: l.Value}
	}
	return labels
}
