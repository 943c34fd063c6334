package jumpservertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// onDatabase is an exchange with the database on which it was recorded, or rows that summarise several.
type onDatabase struct {
	exchange
	Database string
	Rows     []string
}

func recordedDatabases() map[string]Database {
	return map[string]Database{
		"utf8 (utf8mb3), utf8_general_ci": MariaDB, "utf8mb4, utf8mb4_general_ci": MariaDBGeneral,
		"utf8mb4, utf8mb4_unicode_ci": MariaDBUnicode, "utf8mb4, utf8mb4_bin": MariaDBBinary,
	}
}

// TestMariaDB replays the answers of a v4.10.19 on MariaDB, under four collations. The recording server was
// emptied before each topic.
func TestMariaDB(t *testing.T) {
	t.Parallel()
	var all []onDatabase
	read(t, "mariadb-v4.10.19.json", &all)
	var p *player
	played := map[Database]int{}
	was := ""
	for n, e := range all {
		if e.Database != was || slices.Contains([]string{"label_first", "node_first", "plain_host", "order_name", "host_for_kinds"}, e.Name) {
			p = newPlayer(t, Options{Version: V41019, Database: recordedDatabases()[e.Database]})
			was = e.Database
		}
		switch {
		case e.Name == "order_name":
			for _, name := range all[n+1].Rows {
				p.s.Seed(DefaultOrg, Host{Name: name, Active: true})
			}
		case e.Name == "after_patches" && e.Database != all[0].Database: // a PATCH before it was not recorded
			p.send(e.exchange, KeyID, KeySecret)
			continue
		case e.Request.Method == "":
			continue // not an exchange
		}
		played[recordedDatabases()[e.Database]]++
		p.playOn(n, e)
	}
	for d, least := range map[Database]int{MariaDB: 170, MariaDBGeneral: 28, MariaDBUnicode: 100, MariaDBBinary: 150} {
		if played[d] < least {
			t.Errorf("%s: %d exchanges were replayed, want %d at least", d, played[d], least)
		}
	}
}

// playOn sends an exchange and compares the status, the refusals, and of a successful answer all that a client
// may rely on; labels have no order.
func (p *player) playOn(n int, e onDatabase) {
	p.t.Helper()
	e.Request.Path = strings.ReplaceAll(e.Request.Path, " ", "%20") // recorded as it was before it was sent
	status, got := p.send(e.exchange, KeyID, KeySecret)
	want, seen := flat(e.Response.Body), flat(got)
	p.learn(want, seen)
	diff := p.differ("", want, seen, status >= 400)
	if status != e.Response.Status || diff != "" {
		p.t.Errorf("%s, %d %s: %s %s %v: status %d, recorded %d: %s\n got: %.300v\nwant: %.300v", e.Database, n, e.Name,
			e.Request.Method, e.Request.Path, e.Request.Body, status, e.Response.Status, diff, got, e.Response.Body)
	}
}

// flat replaces labels by sorted texts, and sorts the pages of nodes and labels, whose order depends
// on what is older.
func flat(body any) any {
	switch b := body.(type) {
	case []any:
		out := make([]any, 0, len(b))
		for _, one := range b {
			out = append(out, flat(one))
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, value := range b {
			out[name] = flat(value)
			if list, isList := value.([]any); isList && name == "labels" && len(list) > 0 {
				texts, _ := labelsOn(b)
				slices.Sort(texts)
				if len(texts) > 0 && texts[0] != "<nil>:<nil>" {
					out[name] = fmt.Sprint(texts)
				}
			}
		}
		if rows, isList := out["results"].([]any); isList {
			slices.SortStableFunc(rows, func(x, y any) int { return strings.Compare(rank(x), rank(y)) })
		}
		return out
	}
	return body
}

// rank returns the key by which the row of a node or a label is sorted; "" for all others.
func rank(row any) string {
	r, _ := row.(map[string]any)
	switch {
	case r["full_value"] != nil:
		return fmt.Sprint(r["full_value"])
	case r["res_count"] != nil:
		return fmt.Sprint(r["name"], ":", r["value"])
	}
	return ""
}
