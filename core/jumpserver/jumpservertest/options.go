package jumpservertest

import (
	_ "embed"
	"encoding/json"
	"maps"
	"net/http"
)

// recordedOptions are the answers to OPTIONS of /assets/hosts/, by version. Of the actions they have
// the fields of POST, which are also those of PUT and PATCH, and the fields that differ for GET.
//
//go:embed options.json
var recordedOptions []byte

// hostOptions returns what OPTIONS says of the list of hosts. It is the same for every key.
func (s *Server) hostOptions() reply {
	var all map[Version]map[string]any
	if err := json.Unmarshal(recordedOptions, &all); err != nil {
		panic(err) // the file is ours
	}
	body := all[s.options.Version]
	actions, _ := body["actions"].(map[string]any)
	fields, _ := actions[http.MethodPost].(map[string]any)
	shown, _ := actions[http.MethodGet].(map[string]any)
	get := maps.Clone(fields)
	maps.Copy(get, shown)
	body["actions"] = map[string]any{
		http.MethodGet: get, http.MethodPost: fields, http.MethodPut: fields, http.MethodPatch: fields,
	}
	return okReply(body)
}
