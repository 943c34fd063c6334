package jumpserver_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

const (
	labelPage = "/api/v1/labels/labels/"
	linksPage = "/api/v1/labels/labeled-resources/"
)

// hostWith adds a host with these labels to the DEFAULT organisation.
func hostWith(s *jumpservertest.Server, name string, labels ...string) string {
	return s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: name, Address: "10.0.0.1", Active: true, Labels: labels})
}

// labelTexts returns the rows of the label page as "name:value".
func labelTexts(s *jumpservertest.Server) []string {
	var out []string
	for _, r := range s.LabelRows(jumpservertest.DefaultOrg) {
		out = append(out, r.Name+":"+r.Value)
	}
	return out
}

// rowOf returns a row of the label page by its text.
func rowOf(t *testing.T, c *jumpserver.Client, text string) inventory.LabelRow {
	t.Helper()
	name, value, _ := strings.Cut(text, ":")
	rows, err := c.LabelRows(t.Context(), name)
	at := slices.IndexFunc(rows, func(r inventory.LabelRow) bool { return r.Value == value })
	if err != nil || at < 0 {
		t.Fatalf("%s: %v %v", text, rows, err)
	}
	return rows[at]
}

// TestLabelPage: rows with their holders, existing and deleted ones, and what a person created by hand.
func TestLabelPage(t *testing.T) {
	t.Parallel()
	for _, version := range jumpservertest.Versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		dead := hostWith(s, "old", "jms-gone:20260101T0000Z", "team:shop")
		s.DeleteAsset(jumpservertest.DefaultOrg, dead)
		alive := hostWith(s, "web", "jms-gone:20260102T0000Z", "jms-gone-by:hand")
		s.SeedLabel(jumpservertest.DefaultOrg, "jms-gone:2026-01-03T00:00:00Z")
		c := newClient(t, s)
		rows, err := c.LabelRows(t.Context(), inventory.LabelGone)
		if err != nil || len(rows) != 3 {
			t.Fatalf("%s: %v %v", version, rows, err)
		}
		for n, want := range []inventory.LabelRow{
			{Label: inventory.Label{Name: "jms-gone", Value: "2026-01-03T00:00:00Z"}},
			{Label: inventory.Label{Name: "jms-gone", Value: "20260101T0000Z"}, LinkCount: 1},
			{Label: inventory.Label{Name: "jms-gone", Value: "20260102T0000Z"}, LinkCount: 1},
		} {
			if got := rows[n]; got.Label != want.Label || got.LinkCount != want.LinkCount || got.Edited || got.ID == "" {
				t.Errorf("%s: %+v, want %+v", version, got, want)
			}
		}
		for n, want := range [][]inventory.LabelHolder{{}, {{ID: dead}}, {{ID: alive, Title: "web(10.0.0.1)", Exists: true}}} {
			if got, err := c.LabelHolders(t.Context(), rows[n]); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %s is held by %+v, want %+v: %v", version, rows[n].Value, got, want, err)
			}
		}
		if s.Writes() > 0 {
			t.Errorf("%s: %d writes", version, s.Writes())
		}
	}
}

// TestRemoveLabelRow: the row, and nothing else.
func TestRemoveLabelRow(t *testing.T) {
	t.Parallel()
	for _, version := range jumpservertest.Versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		s.DeleteAsset(jumpservertest.DefaultOrg, hostWith(s, "old", "jms-instance:i-1", "jms-instance:i-2"))
		hostWith(s, "web", "jms-instance:i-3", "team:shop")
		c := newClient(t, s)
		one, used := rowOf(t, c, "jms-instance:i-1"), rowOf(t, c, "jms-instance:i-3")
		if err := c.DeleteLabelRow(t.Context(), one); err != nil {
			t.Errorf("%s: %v", version, err)
		}
		if err := c.DeleteLabelRow(t.Context(), one); inventory.KindOf(err) != inventory.NotFound {
			t.Errorf("%s: once more: %v", version, err)
		}
		if err := c.DeleteLabelRow(t.Context(), used); inventory.KindOf(err) != inventory.Conflict || !strings.Contains(err.Error(), "web(10.0.0.1)") {
			t.Errorf("%s: in use: %v", version, err)
		}
		if got := labelTexts(s); !slices.Equal(got, []string{"jms-instance:i-2", "jms-instance:i-3", "team:shop"}) {
			t.Errorf("%s: %q are left", version, got)
		}
		if got := s.Hosts(jumpservertest.DefaultOrg)[0].Labels; !slices.Equal(got, []string{"jms-instance:i-3", "team:shop"}) {
			t.Errorf("%s: the host has %q", version, got)
		}
	}
}

// TestRemoveLabelRowMeanwhile: a row that changes after it was listed is kept.
func TestRemoveLabelRowMeanwhile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do   func(s *jumpservertest.Server)
		kind inventory.Kind
	}{
		"a host gets it": {func(s *jumpservertest.Server) { hostWith(s, "web", "jms-missing:20260101T0000Z") }, inventory.Conflict},
		"something of an unknown shape has it": {func(s *jumpservertest.Server) {
			hostWith(s, "web", "jms-missing:20260101T0000Z")
			s.Fail(jumpservertest.MatchRequest(http.MethodGet, linksPage), -1, replaceInAnswer(`"web(10.0.0.1)"`, `{"unknown":"shape"}`))
		}, inventory.Conflict},
		"another name":  {func(s *jumpservertest.Server) { edit(s, "jms-missing:20260101T0000Z", "team:shop") }, inventory.NotFound},
		"another value": {func(s *jumpservertest.Server) { edit(s, "jms-missing:20260101T0000Z", "jms-missing:20260101T0001Z") }, inventory.NotFound},
		"a colour": {func(s *jumpservertest.Server) {
			s.Fail(jumpservertest.MatchRequest(http.MethodGet, labelPage), -1, replaceInAnswer(`"color":""`, `"color":"#ff0000"`))
		}, inventory.Conflict},
	} {
		for _, version := range jumpservertest.Versions() {
			s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
			s.SeedLabel(jumpservertest.DefaultOrg, "jms-missing:20260101T0000Z")
			c := newClient(t, s)
			row := rowOf(t, c, "jms-missing:20260101T0000Z")
			test.do(s)
			if err := c.DeleteLabelRow(t.Context(), row); inventory.KindOf(err) != test.kind {
				t.Errorf("%s, %s: %v", version, name, err)
			}
			if s.Calls()["DELETE "+labelPage+"{id}/"]+s.Writes() > 0 || len(s.LabelRows(jumpservertest.DefaultOrg)) != 1 {
				t.Errorf("%s, %s: %v", version, name, s.Calls())
			}
		}
	}
}

func edit(s *jumpservertest.Server, text, into string) {
	s.EditLabel(jumpservertest.DefaultOrg, text, into)
}

// TestLabelListsAreWhole: pages of any size; a list that is cut, or that is not the one asked for, is an error.
func TestLabelListsAreWhole(t *testing.T) {
	t.Parallel()
	for _, pageCap := range []int{1, 7, 25, 1000} {
		s := jumpservertest.New(jumpservertest.Options{TB: t, PageCap: pageCap})
		for n := range 25 {
			s.SeedLabel(jumpservertest.DefaultOrg, fmt.Sprint("jms-due:", n))
			s.DeleteAsset(jumpservertest.DefaultOrg, hostWith(s, fmt.Sprint("h", n), "jms-due:0"))
		}
		c := newClient(t, s)
		rows, err := c.LabelRows(t.Context(), inventory.LabelDue)
		if err != nil || len(rows) != 25 {
			t.Fatalf("pages of %d: %d rows, %v", pageCap, len(rows), err)
		}
		if holders, err := c.LabelHolders(t.Context(), rows[0]); err != nil || len(holders) != 25 {
			t.Errorf("pages of %d: %d holders, %v", pageCap, len(holders), err)
		}
	}
	for name, test := range map[string]struct {
		page  string
		fault jumpservertest.Fault
		kind  inventory.Kind
	}{
		"rows are cut":      {labelPage, jumpservertest.Fault{Edit: jumpservertest.DropLastRow}, inventory.Incomplete},
		"rows are few":      {labelPage, jumpservertest.Fault{Edit: jumpservertest.ChangeCount(3)}, inventory.Incomplete},
		"another's rows":    {labelPage, jumpservertest.Fault{Edit: jumpservertest.MoveFirstRow(jumpservertest.RootOrg)}, inventory.Organisation},
		"rows without uses": {labelPage, replaceInAnswer(`"res_count"`, `"uses"`), inventory.Incomplete},
		"links are cut":     {linksPage, jumpservertest.Fault{Edit: jumpservertest.DropLastRow}, inventory.Incomplete},
		"links lack what":   {linksPage, replaceInAnswer(`"resource"`, `"what"`), inventory.Incomplete},
		"links lack whose":  {linksPage, replaceInAnswer(`"res_id"`, `"whose"`), inventory.Incomplete},
		"links of nobody":   {linksPage, replaceInAnswer(`"id"`, `"key"`), inventory.Incomplete},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := jumpservertest.New(jumpservertest.Options{TB: t})
			s.DeleteAsset(jumpservertest.DefaultOrg, hostWith(s, "old", "jms-gone:20260101T0000Z"))
			c := newClient(t, s)
			row := rowOf(t, c, "jms-gone:20260101T0000Z")
			s.Fail(jumpservertest.MatchRequest(http.MethodGet, test.page), -1, test.fault)
			_, listed := c.LabelRows(t.Context(), inventory.LabelGone)
			_, held := c.LabelHolders(t.Context(), row)
			for _, err := range []error{errors.Join(listed, held), c.DeleteLabelRow(t.Context(), row)} {
				if inventory.KindOf(err) != test.kind {
					t.Errorf("%s: %v", name, err)
				}
			}
			if s.Writes() > 0 {
				t.Errorf("%s: %v", name, s.Calls())
			}
		})
	}
}

// TestLinksOfAnotherLabel: a server that does not know the filter answers with everything, which is an error.
func TestLinksOfAnotherLabel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := jumpservertest.New(jumpservertest.Options{TB: t})
		s.SeedLabel(jumpservertest.DefaultOrg, "jms-gone:20260101T0000Z")
		hostWith(s, "web", "team:shop")
		c := newClient(t, s)
		row, other := rowOf(t, c, "jms-gone:20260101T0000Z"), rowOf(t, c, "team:shop")
		holders, err := c.LabelHolders(t.Context(), other)
		if err != nil || len(holders) != 1 {
			t.Fatal(holders, err)
		}
		s.Fail(jumpservertest.MatchRequest(http.MethodGet, linksPage), -1, replaceInAnswer(other.ID, row.ID))
		if _, err := c.LabelHolders(t.Context(), other); inventory.KindOf(err) != inventory.Incomplete || !strings.Contains(err.Error(), row.ID) {
			t.Error(err)
		}
	})
}

// replaceInAnswer changes a part of an answer.
func replaceInAnswer(part, with string) jumpservertest.Fault {
	return jumpservertest.Fault{Edit: func(status int, body []byte) (int, []byte) {
		return status, []byte(strings.ReplaceAll(string(body), part, with))
	}}
}

// TestLabelRights: a 403 names the right.
func TestLabelRights(t *testing.T) {
	t.Parallel()
	for right, on := range map[string]func(*http.Request) bool{
		"labels.view_label":           jumpservertest.MatchRequest(http.MethodGet, labelPage),
		"labels.view_labeledresource": jumpservertest.MatchRequest(http.MethodGet, linksPage),
		"labels.delete_label":         jumpservertest.MatchRequest(http.MethodDelete, labelPage),
	} {
		s := jumpservertest.New(jumpservertest.Options{TB: t})
		s.SeedLabel(jumpservertest.DefaultOrg, "jms-gone:20260101T0000Z")
		c := newClient(t, s)
		row := rowOf(t, c, "jms-gone:20260101T0000Z")
		s.Fail(on, -1, jumpservertest.Fault{Status: 403, Body: `{"detail":"You do not have permission to perform this action.","code":"permission_denied"}`})
		err := c.DeleteLabelRow(t.Context(), row)
		if inventory.KindOf(err) != inventory.Denied || !strings.Contains(err.Error(), right) {
			t.Errorf("%s: %v", right, err)
		}
		if len(s.LabelRows(jumpservertest.DefaultOrg)) != 1 {
			t.Errorf("%s: the row is gone", right)
		}
	}
}

// TestRemoveLabelRowLosesAnswers: whatever happens to a DELETE, the row's holders are read right before each.
func TestRemoveLabelRowLosesAnswers(t *testing.T) {
	t.Parallel()
	deleted := jumpservertest.MatchRequest(http.MethodDelete, labelPage)
	const gone = `{"detail":"Label object does not exist.","code":"object_does_not_exist"}`
	throttled := jumpservertest.Fault{Status: 429, Body: `{"code":"throttled"}`, RetryAfter: "9"}
	for name, test := range map[string]struct {
		fault   jumpservertest.Fault
		times   int
		kind    inventory.Kind
		deletes int
	}{
		"done, and the answer lost":     {jumpservertest.Fault{Cut: true, After: true}, 1, "", 1},
		"not done, and the answer lost": {jumpservertest.Fault{Cut: true}, 1, "", 2},
		"hangs":                         {jumpservertest.Fault{Hang: true}, 1, "", 2},
		"503":                           {jumpservertest.Fault{Status: 503, Body: `{"error":"busy"}`}, 2, "", 3},
		"always 503":                    {jumpservertest.Fault{Status: 503, Body: `{"error":"busy"}`}, -1, inventory.Temporary, 4},
		"something in front":            {jumpservertest.Fault{Status: 502}, 2, "", 3},
		"always something in front":     {jumpservertest.Fault{Status: 502}, -1, inventory.Front, 4},
		"a firewall":                    {jumpservertest.Fault{Front: jumpservertest.NginxPage(403, "")}, 1, inventory.Front, 1},
		"429":                           {throttled, 1, "", 2},
		"always 429":                    {throttled, -1, inventory.Temporary, 4},
		"gone":                          {jumpservertest.Fault{Status: 404, Body: gone, After: true}, 1, "", 1},
		"gone, and yet there":           {jumpservertest.Fault{Status: 404, Body: gone}, -1, inventory.Incomplete, 4},
		"refused":                       {jumpservertest.Fault{Status: 400, Body: `{"detail":"no","code":"error"}`}, 1, inventory.Invalid, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := jumpservertest.New(jumpservertest.Options{TB: t})
			s.SeedLabel(jumpservertest.DefaultOrg, "jms-due:20260101T0000Z")
			c := newClient(t, s)
			row := rowOf(t, c, "jms-due:20260101T0000Z")
			s.Fail(deleted, test.times, test.fault)
			var asked, last time.Time
			deletes := 0
			s.OnRequest(func(r *http.Request) {
				switch {
				case strings.HasPrefix(r.URL.Path, linksPage):
					asked = time.Now()
				case r.Method == http.MethodDelete:
					deletes++
					if asked.IsZero() || !asked.After(last) && deletes > 1 || time.Since(asked) > 5*time.Second {
						t.Errorf("%s: DELETE %d at %v, the holders were asked for at %v, the DELETE before was at %v", name, deletes, time.Now(), asked, last)
					}
					last = time.Now()
				}
			})
			if err := c.DeleteLabelRow(t.Context(), row); inventory.KindOf(err) != test.kind {
				t.Errorf("%s: %v", name, err)
			}
			if deletes != test.deletes {
				t.Errorf("%s: %d DELETEs, want %d", name, deletes, test.deletes)
			}
		})
	}
}

// TestRemoveLabelRowUsedAfterALostAnswer: a row that a host got while a DELETE failed is not deleted by the next one.
func TestRemoveLabelRowUsedAfterALostAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := jumpservertest.New(jumpservertest.Options{TB: t})
		s.SeedLabel(jumpservertest.DefaultOrg, "jms-due:20260101T0000Z")
		c := newClient(t, s)
		row := rowOf(t, c, "jms-due:20260101T0000Z")
		s.Fail(jumpservertest.MatchRequest(http.MethodDelete, labelPage), 1, jumpservertest.Fault{Status: 502})
		deletes := 0
		s.OnRequest(func(r *http.Request) {
			if r.Method == http.MethodDelete {
				deletes++
				if deletes == 1 {
					hostWith(s, "web", "jms-due:20260101T0000Z")
				}
			}
		})
		if err := c.DeleteLabelRow(t.Context(), row); inventory.KindOf(err) != inventory.Conflict || deletes != 1 {
			t.Errorf("%d DELETEs: %v", deletes, err)
		}
		if got := s.Hosts(jumpservertest.DefaultOrg)[0].Labels; len(got) != 1 {
			t.Errorf("the host lost its label: %q", got)
		}
	})
}
