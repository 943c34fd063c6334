package jumpserver

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// hostOptions is what OPTIONS says of the fields of hosts, by method and name. It needs no right.
type hostOptions struct {
	Actions map[string]map[string]json.RawMessage
}

// isRequired reports whether a field is required when a host is created; known is false where JumpServer does not say.
func (o hostOptions) isRequired(field string) (required, known bool) {
	var f struct{ Required *bool }
	if err := json.Unmarshal(o.Actions[http.MethodPost][field], &f); err != nil || f.Required == nil {
		return false, false
	}
	return *f.Required, true
}

// LabelForm returns which label values JumpServer accepts. v4.10.17 changed two things that a key can see: labels are
// validated as on the label page, and protocols are required when a host is created, which OPTIONS shows (v4.7.0 and
// v4.10.16: not required, v4.10.19: required). It is no error if OPTIONS does not say.
func (c *Client) LabelForm(ctx context.Context) (inventory.LabelForm, error) {
	var options hostOptions
	err := c.doCall(ctx, apiCall{op: "ask for the fields of hosts", method: http.MethodOptions, path: apiHosts, read: decodeInto(&options)})
	if err != nil && asAPIError(err) == nil || inventory.KindOf(err) == inventory.BadCredentials {
		return inventory.LabelFormUnknown, err
	}
	required, known := options.isRequired("protocols")
	switch {
	case !known:
		return inventory.LabelFormUnknown, nil
	case required:
		return inventory.LabelFormChecked, nil
	}
	return inventory.LabelFormFree, nil
}
