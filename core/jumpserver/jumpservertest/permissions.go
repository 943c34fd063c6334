package jumpservertest

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// adminPermissions are those of an administrator, as v4.7.0 listed them.
//
//go:embed permissions.json
var adminPermissions []byte

// permissions are what the server says of a key's user.
func (k Key) permissions() []string {
	if k.Permissions != nil {
		return k.Permissions
	}
	var all []string
	if err := json.Unmarshal(adminPermissions, &all); err != nil {
		panic(err) // the file is ours
	}
	return all
}

// tell puts the permissions into an answer about the user. That v4.10 gives them on the page of its
// permissions was not recorded; that page is where it moved what the profile had.
func (k Key) tell(answer map[string]any) {
	if !k.Silent {
		answer["perms"] = k.permissions()
	}
}

// may tells whether the key's user has the right that a request needs: hosts are assets to it.
func (k Key) may(r *http.Request) bool {
	if k.Permissions == nil {
		return true
	}
	verb := map[string]string{
		http.MethodGet: "view", http.MethodOptions: "", http.MethodPost: "add", http.MethodPut: "change",
		http.MethodPatch: "change", http.MethodDelete: "delete",
	}[r.Method]
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) < 4 || parts[2] != "assets" || verb == "" {
		return true
	}
	noun := map[string]string{
		"hosts": "asset", "assets": "asset", "nodes": "node", "platforms": "platform", "domains": "domain", "zones": "zone",
	}[parts[3]]
	return noun == "" || slices.Contains(k.Permissions, "assets."+verb+"_"+noun)
}
