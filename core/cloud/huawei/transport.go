package huawei

import (
	"encoding/json"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// checkJSON refuses what is not one whole JSON document: the SDK stops reading at the end of the first one, and is
// lenient about what is in it.
func checkJSON(status int, body []byte) error {
	if !json.Valid(body) {
		return notJSONError(status)
	}
	return nil
}

func notJSONError(status int) error {
	return &cloud.APIError{Status: status, Kind: inventory.Incomplete, Message: "the answer is not the JSON that it should be"}
}
