package config

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// CurrentValue is a setting of a Config as people may see it: no secret can be read from it.
type CurrentValue struct {
	Path         string
	Text         string // of a secret that is set secret.Redacted
	Secret       bool
	Default      bool
	DocZH, DocEN string
}

// Values returns all settings of a Config, in the order of the reference. Rules are texts of JSON.
func Values(cfg Config, known inventory.CloudTable) []CurrentValue {
	docs := map[string]Setting{}
	for _, s := range Settings(known) {
		docs[s.Path] = s
	}
	var all []CurrentValue
	for _, f := range topFields(&cfg) {
		for _, l := range entryLists() {
			if f.path == map[string]string{"clouds": "sync.whitelist", "notification.channels": "console.enabled"}[l.path] {
				all = appendEntries(all, l, &cfg, docs)
			}
		}
		if f.path == "rules_from_tags" {
			all = appendRules(all, cfg)
		}
		all = append(all, newCurrentValue(f, docs[f.path]))
	}
	return all
}

func appendEntries(all []CurrentValue, l entryList, cfg *Config, docs map[string]Setting) []CurrentValue {
	for n := range l.entries(cfg).Len() {
		for _, f := range l.fields(cfg, n) {
			key := strings.TrimPrefix(f.path, l.path+"["+strconv.Itoa(n)+"]")
			all = append(all, newCurrentValue(f, docs[l.path+"[]"+key]))
		}
	}
	return all
}

func appendRules(all []CurrentValue, cfg Config) []CurrentValue {
	for n, r := range cfg.Rules {
		text, err := json.Marshal(r)
		if err != nil {
			text = []byte(r.Name) // cannot be: all of it is texts and numbers
		}
		all = append(all, CurrentValue{Path: "rules[" + strconv.Itoa(n) + "]", Text: string(text)})
	}
	return all
}

func newCurrentValue(f settingField, s Setting) CurrentValue {
	v := CurrentValue{Path: f.path, DocZH: s.DocZH, DocEN: s.DocEN}
	switch value := f.value.Interface().(type) {
	case secret.Value:
		v.Secret, v.Default = true, value.IsEmpty()
		if !value.IsEmpty() {
			v.Text = secret.Redacted
		}
		return v
	case time.Duration:
		v.Text = shortDuration(value)
	case []string:
		v.Text = "[" + strings.Join(value, ", ") + "]"
	case []netip.Prefix:
		v.Text = strings.ReplaceAll(fmt.Sprint(value), " ", ", ")
	case map[string]string:
		v.Text = joinAddresses(value)
	default:
		v.Text = fmt.Sprint(value)
	}
	v.Default = v.Text == s.Default
	return v
}

// joinAddresses returns addresses of services as a variable has them.
func joinAddresses(all map[string]string) string {
	if len(all) == 0 {
		return ""
	}
	text, err := json.Marshal(all)
	if err != nil {
		return "" // cannot be: all of it is texts
	}
	return string(text)
}
