package jumpservertest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// learn records the emulator's id for a recorded one.
func (p *player) learn(want, got any) {
	switch w := want.(type) {
	case map[string]any:
		g, isMap := got.(map[string]any)
		if !isMap {
			return
		}
		if w["color"] == nil { // the ids of labels are not compared
			p.learnID(w["id"], g["id"])
			p.learnID(w["spm"], g["spm"])
		}
		for key, value := range w {
			p.learn(value, g[key])
		}
	case []any:
		g, _ := got.([]any)
		for n := range min(len(w), len(g)) {
			p.learn(w[n], g[n])
		}
	}
}

func (p *player) learnID(want, got any) {
	from, one := want.(string)
	to, two := got.(string)
	if one && two && from != to && len(from) == 36 {
		p.ids[from] = to
	}
}

// differ compares a recorded value with the emulator's; whole means every field, and no others.
func (p *player) differ(at string, want, got any, whole bool) string {
	switch w := want.(type) {
	case map[string]any:
		return p.differObject(at, w, got, whole)
	case []any:
		g, isList := got.([]any)
		if !isList || len(g) != len(w) {
			return fmt.Sprintf("%s: got %v, recorded %v", at, got, want)
		}
		for n := range w {
			if diff := p.differ(fmt.Sprintf("%s[%d]", at, n), w[n], g[n], whole); diff != "" {
				return diff
			}
		}
		return ""
	case string:
		if p.sameText(w, got) {
			return ""
		}
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Sprintf("%s: got %v, recorded %v", at, got, want)
	}
	return ""
}

func (p *player) differObject(at string, want map[string]any, got any, whole bool) string {
	if want["_html_page"] != nil {
		return ""
	}
	g, isMap := got.(map[string]any)
	if !isMap {
		return fmt.Sprintf("%s: got %v, recorded %v", at, got, want)
	}
	if extra := extraKeys(want, g); whole && extra != "" {
		return fmt.Sprintf("%s: has %s, which was not recorded", at, extra)
	}
	for key, value := range want {
		label := key == "id" && want["color"] != nil
		if label || volatile(key) || !whole && !slices.Contains(compared(), key) {
			continue
		}
		if diff := p.differ(at+"."+key, value, g[key], whole); diff != "" {
			return diff
		}
	}
	return ""
}

// sameText compares texts after ids were translated. An HTML page, an empty body and the text
// about bad JSON only have to be of the same kind.
func (p *player) sameText(want string, got any) bool {
	text, isText := got.(string)
	return isText && (p.translate(want) == text || strings.HasPrefix(want, "JSON parse error")) ||
		got == nil && (want == "" || strings.HasPrefix(want, "<!DOCTYPE"))
}

// extraKeys returns a field that the emulator shows and the recording does not.
func extraKeys(want, got map[string]any) string {
	for key := range got {
		if _, known := want[key]; !known {
			return key
		}
	}
	return ""
}

// volatile are the fields that no two servers have in common. Of a person's profile only
// the identity and the key's organisations are imitated.
func volatile(key string) bool {
	return strings.HasPrefix(key, "date_") && key != "date_verified" || slices.Contains([]string{
		"db_time", "redis_time", "time",
		"perms", "workbench_orgs", "is_superuser", "avatar_url", "wechat", "phone", "mfa_level", "groups", "system_roles", "password_strategy",
		"public_key_comment", "public_key_hash_md5", "guide_url", "receive_backends", "lang", "is_service_account",
		"is_otp_secret_key_bound", "can_public_key_auth", "mfa_enabled", "need_update_password", "is_face_code_set",
		"mfa_force_enabled", "is_first_login", "login_blocked", "last_login", "is_org_admin", "org_roles",
	}, key)
}

// compared are the fields of a successful answer that a client may rely on.
func compared() []string {
	return []string{"id", "name", "address", "platform", "nodes", "labels", "protocols", "nodes_display", "domain", "zone",
		"is_active", "comment", "org_id", "count", "results", "value", "full_value", "port", "category", "is_default", "is_root"}
}
