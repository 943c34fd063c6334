package fakecloudtest

import (
	"net/http"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// The codes of errors.
const (
	codeBadKey    = "BadKey"
	codeExpired   = "Expired"
	codeForbidden = "Forbidden"
	codeThrottled = "Throttled"
	codeNoRegion  = "NoSuchRegion"
	codeNoMachine = "NoSuchMachine"
)

// errorKind returns what a refusal means.
func errorKind(r *cloud.APIError) inventory.Kind {
	switch {
	case r.Kind != "":
		return r.Kind
	case r.Code == codeBadKey || r.Code == codeExpired:
		return inventory.BadCredentials
	case r.Code == codeForbidden:
		return inventory.Denied
	case r.Code == codeThrottled:
		return inventory.Throttled
	case r.Code == codeNoRegion || r.Code == codeNoMachine:
		return inventory.NotFound
	case r.Status >= http.StatusInternalServerError:
		return inventory.Temporary
	}
	return inventory.Unknown
}
