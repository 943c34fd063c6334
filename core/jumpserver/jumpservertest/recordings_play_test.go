package jumpservertest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// exchangeOf returns a recorded exchange in the form that a player sends.
func exchangeOf(e entry) exchange {
	var x exchange
	x.Name = e.Name
	x.Request.Method, x.Request.Body, x.Request.Headers = e.Request.Method, e.Request.Body, e.Request.Headers
	x.Request.Path = e.Request.Path
	if path, inline, found := strings.Cut(e.Request.Path, "?"); found {
		x.Request.Path = path
		e.Request.Query = inline
	}
	if e.Request.Query != "" { // as it was before it was sent
		var pairs []string
		for pair := range strings.SplitSeq(e.Request.Query, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if plain, err := url.QueryUnescape(value); err == nil && strings.Contains(value, "%") {
				value = plain
			}
			pairs = append(pairs, name+"="+url.QueryEscape(value))
		}
		x.Request.Path += "?" + strings.Join(pairs, "&")
	}
	return x
}

// total returns how many rows a list has on all its pages; -1 = the answer is no list.
func total(body any) int {
	switch b := body.(type) {
	case map[string]any:
		if count, isPage := b["count"].(float64); isPage {
			return int(count)
		}
	case []any:
		if more, cut := moreRows(b); cut {
			return len(b) - 1 + more
		}
		return len(b)
	}
	return -1
}

// moreRows replaces the rows that a recorded list omits.
func moreRows(list []any) (more int, cut bool) {
	if len(list) == 0 {
		return 0, false
	}
	last, _ := list[len(list)-1].(map[string]any)
	number, cut := last["_more_rows"].(float64)
	return int(number), cut
}

// fill adds rows that the recording server had and no answer shows, until a list has as many as were
// recorded. They match no filter, so it shows whether a filter is applied.
func (r *replay) fill(e entry) {
	want := total(e.Response.Body)
	_, got := r.send(exchangeOf(e), cmp.Or(keyOf(e.Request.As), KeyID), KeySecret)
	has := total(got)
	for range want - has {
		if has < 0 {
			return
		}
		r.extra++
		name := fmt.Sprintf("m-%05d", r.extra)
		query, _ := url.ParseQuery(e.Request.Query)
		switch parts := strings.Split(e.Request.Path, "/"); parts[4] {
		case "hosts", "assets":
			if category := query.Get("category"); category != "" && category != "host" {
				r.s.SeedAsset(DefaultOrg, category, Host{Name: name, Active: true})
				continue
			}
			r.fillers = append(r.fillers, r.s.Seed(DefaultOrg, Host{Name: name, Address: "203.0.113.1", Active: true}))
		case "nodes":
			o := r.s.orgs[DefaultOrg]
			o.addChild(o.nodes[0], "zz-"+name)
		case "orgs":
			r.s.AddOrg(uuid.NewString(), "zz-"+name)
		case "databases":
			r.s.SeedAsset(DefaultOrg, "database", Host{Name: name, Address: "203.0.113.1", Active: true})
		case "zones", "domains":
			r.s.SeedZone(DefaultOrg, "zz-"+name)
		case "labels":
			r.s.SeedLabel(DefaultOrg, "zz-"+name+":x")
		case "labeled-resources":
			r.left = append(r.left, uuid.NewString())
			r.leave(r.left[len(r.left)-1], "zz:"+name)
		default:
			return
		}
	}
}

// leftInPlaceOf creates the link of a deleted asset, in place of its filler if there is one.
func (r *replay) leftInPlaceOf(asset, label string) {
	b := &r.s.orgs[DefaultOrg].labels
	for _, k := range b.ofDeleted[asset] {
		if k.label.text() == label {
			return
		}
	}
	if last := len(r.left) - 1; last >= 0 {
		b.ofDeleted[r.left[last]] = updateLinks(b.ofDeleted[r.left[last]], nil, time.Time{})
		r.left = r.left[:last]
	}
	r.leave(asset, label)
}

// leave creates the link of a deleted asset.
func (r *replay) leave(asset, label string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	b := &r.s.orgs[DefaultOrg].labels
	r.extra++
	now := time.Unix(1e9+int64(r.extra), 0)
	labels := b.labelsFrom([]string{label}, now)
	for _, k := range b.ofDeleted[asset] {
		labels = append(labels, k.label)
	}
	b.ofDeleted[asset] = updateLinks(b.ofDeleted[asset], labels, now)
}

// play sends an exchange of the recording and compares the answers.
func (r *replay) play(n int, e entry) {
	r.t.Helper()
	r.prepare(e)
	status, got := r.send(exchangeOf(e), keyOf(cmp.Or(e.Request.As, "admin")), KeySecret)
	want := sortedLists(absolute(e.Response.Body))
	got = sortedLists(got)
	if strings.Contains(e.Request.Path, "/tree/") {
		sortTree(want)
		sortTree(got)
	}
	name := fmt.Sprintf("%s %d %s (%s)", r.topic, n, e.Name, r.version)
	if strings.HasSuffix(e.Request.Path, "/bulk/") { // hosts in no order
		sortByAsset(want)
		sortByAsset(got)
	}
	if strings.Contains(e.Request.Path, "-relations/") { // numbers that depend on what was before, in no order
		relations(want)
		relations(got)
	}
	if page, is := want.(map[string]any); is && page["_html_page"] != nil {
		want = nil
	}
	if status != e.Response.Status {
		r.t.Errorf("%s: %s %s?%s %v: status %d, recorded %d\n got: %.600v\nwant: %.600v",
			name, e.Request.Method, e.Request.Path, e.Request.Query, e.Request.Body, status, e.Response.Status, got, want)
		return
	}
	r.learn(want, got)
	r.learnLabels(want, got)
	if diff := r.compare("", want, got, !e.Trimmed); diff != "" {
		r.t.Errorf("%s: %s %s?%s %v: %s", name, e.Request.Method, e.Request.Path, e.Request.Query, e.Request.Body, diff)
	}
}

// learnLabels records the emulator's ids of labels.
func (r *replay) learnLabels(want, got any) {
	switch w := want.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		if w["color"] != nil && w["name"] == g["name"] && w["value"] == g["value"] {
			r.learnID(w["id"], g["id"])
		}
		for key, value := range w {
			r.learnLabels(value, g[key])
		}
	case []any:
		g, _ := got.([]any)
		for n := range min(len(w), len(g)) {
			r.learnLabels(w[n], g[n])
		}
	}
}

// sortedLists sorts the lists inside rows that have no order.
func sortedLists(body any) any {
	switch b := body.(type) {
	case []any:
		for n := range b {
			b[n] = sortedLists(b[n])
		}
	case map[string]any:
		for key, value := range b {
			b[key] = sortedLists(value)
			list, isList := value.([]any)
			if isList && slices.Contains([]string{"labels", "nodes", "nodes_display", "protocols", "gateways", "assets"}, key) {
				slices.SortFunc(list, func(x, y any) int { return strings.Compare(rankOf(x), rankOf(y)) })
			}
		}
	}
	return body
}

// sortTree orders nodes with the same name.
func sortTree(rows any) {
	list, _ := rows.([]any)
	name := func(row any) string {
		r, _ := row.(map[string]any)
		if r["_more_rows"] != nil {
			return "\xff"
		}
		return counted.ReplaceAllString(textAt(r, "name"), "") + "\x00" + textAt(r, "id")
	}
	slices.SortStableFunc(list, func(x, y any) int { return strings.Compare(name(x), name(y)) })
}

// relations sorts relations of access rules, and drops their numbers.
func relations(page any) {
	rows := rowsOf(page)
	for _, row := range rows {
		delete(row, "id")
	}
	list, _ := page.(map[string]any)["results"].([]any)
	rank := func(raw any) (text string) {
		row, _ := raw.(map[string]any)
		for _, field := range []string{"assetpermission", "node", "asset", "user", "usergroup"} {
			text += textAt(row, field+"_display") + " "
		}
		return text
	}
	slices.SortFunc(list, func(x, y any) int { return strings.Compare(rank(x), rank(y)) })
}

func sortByAsset(rows any) {
	list, _ := rows.([]any)
	rank := func(row any) string {
		r, _ := row.(map[string]any)
		return textAt(r, "asset") + " " + textAt(r, "account")
	}
	slices.SortFunc(list, func(x, y any) int { return strings.Compare(rank(x), rank(y)) })
}

func rankOf(one any) string {
	if row, is := one.(map[string]any); is && row["name"] != nil {
		return fmt.Sprint(row["name"], "\x00", row["value"])
	}
	return fmt.Sprint(one)
}

// counted returns the number after a node's name in the tree.
var counted = regexp.MustCompile(` \(\d+\)$`)

// compare is differ for the second part: lists may be cut, numbers in the tree depend on what else the server
// has and are late, and what no client reads is ignored.
func (r *replay) compare(at string, want, got any, whole bool) string {
	switch w := want.(type) {
	case map[string]any:
		g, is := got.(map[string]any)
		if !is {
			return fmt.Sprintf("%s: got %v, recorded %v", at, got, want)
		}
		if extra := extraKeys(w, g); whole && extra != "" && !unread(extra) && extra != "spec_info" { // which comes and goes
			return fmt.Sprintf("%s: has %s, which was not recorded", at, extra)
		}
		for key, value := range w {
			_, isNumber := value.(float64) // the id of a platform's protocol
			if volatile(key) || unread(key) || key == "id" && isNumber && strings.Contains(at, "protocols") {
				continue
			}
			if diff := r.compare(at+"."+key, value, g[key], whole); diff != "" {
				return diff
			}
		}
		return ""
	case []any:
		g, is := got.([]any)
		if more, cut := moreRows(w); is && cut {
			if len(g) != len(w)-1+more {
				return fmt.Sprintf("%s: %d rows, recorded %d", at, len(g), len(w)-1+more)
			}
			w, g = w[:len(w)-1], g[:len(w)-1]
		}
		if !is || len(g) != len(w) {
			return fmt.Sprintf("%s: got %v, recorded %v", at, got, want)
		}
		for n := range w {
			if diff := r.compare(fmt.Sprintf("%s[%d]", at, n), w[n], g[n], whole); diff != "" {
				return diff
			}
		}
		return ""
	case string:
		if text, is := got.(string); is && (r.sameText(w, got) || counted.MatchString(w) && counted.ReplaceAllString(w, "") == counted.ReplaceAllString(text, "")) {
			return ""
		}
	}
	one, _ := json.Marshal(want)
	other, _ := json.Marshal(got)
	if string(one) != string(other) {
		return fmt.Sprintf("%s: got %v, recorded %v", at, got, want)
	}
	return ""
}

// unread are fields that no client of ours reads, besides those that no two servers have in common: how the
// platforms of other kinds are automated, who logs in where, what a person's profile contains, tasks and fingerprints of keys.
func unread(key string) bool {
	return slices.Contains([]string{
		"ssh_key_fingerprint", "task", "auto_config", "automation", "resource_statistics", "ukey_sn", "has_jdmc", "can_ukey_auth",
	}, key)
}
