package jumpserver

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const testSPM = "225ec5ff-8023-4a3b-b93d-6261b4bccbf9"

// removableStub is a JumpServer with hosts that can be parked and deleted.
type removableStub struct {
	hosts  []string
	parked []string
	spm    string   // what parking answers
	extra  []string // other hosts under the spm
	lazy   bool     // 204 and nothing happens, as with an expired spm
	broken bool     // the answer to DELETE gets lost
	labels map[string][]string
	spms   []string // what parking answers, one after another; empty = spm
}

func (v *removableStub) serve(s *stub) {
	if v.spm == "" {
		v.spm = testSPM
	}
	list := func(w http.ResponseWriter, ids []string) {
		var rows []string
		for _, id := range ids {
			rows = append(rows, hostJSON(id, id, v.labels[id]...))
		}
		reply(w, 200, pageJSON(len(rows), rows...))
	}
	s.on("GET "+apiHosts, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("spm") != "" {
			list(w, append(slices.Clone(v.parked), v.extra...))
			return
		}
		list(w, v.of(strings.Split(q.Get("ids"), ",")))
	})
	s.on("POST "+apiCache, func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Resources []string }
		_ = json.NewDecoder(r.Body).Decode(&body)
		v.parked = v.of(body.Resources)
		if len(v.spms) > 0 {
			v.spm, v.spms = v.spms[0], v.spms[1:]
		}
		reply(w, 200, `{"spm":"`+v.spm+`"}`)
	})
	s.on("DELETE "+apiHosts, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "spm="+v.spm {
			s.t.Errorf("DELETE %s", r.URL)
		}
		if !v.lazy {
			v.hosts = slices.DeleteFunc(v.hosts, func(id string) bool { return slices.Contains(v.parked, id) })
		}
		if v.broken {
			w.WriteHeader(statusBroken)
			return
		}
		w.WriteHeader(204)
	})
}

func (v *removableStub) of(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !slices.Contains(v.hosts, id) })
}

func hostIDs(n int) []string {
	var ids []string
	for i := range n {
		ids = append(ids, testID(i))
	}
	return ids
}

func TestRemove(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	v := &removableStub{hosts: hostIDs(260)}
	v.serve(s)
	ids := append(hostIDs(250), testID(999), "nope", strings.ToUpper(testID(3)))
	errs := s.client(quick).Remove(t.Context(), ids, nil)
	for i, err := range errs {
		if (ids[i] == "nope") != (inventory.KindOf(err) == inventory.Invalid) || ids[i] != "nope" && err != nil {
			t.Errorf("%s: %v", ids[i], err)
		}
	}
	if len(v.hosts) != 10 || len(s.requests("DELETE")) != 3 {
		t.Errorf("%d left, %q", len(v.hosts), s.requests("DELETE"))
	}
}

func TestRemoveNothing(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	if errs := s.client().Remove(t.Context(), nil, nil); len(errs) != 0 || len(s.seen) != 0 {
		t.Errorf("%v %q", errs, s.seen)
	}
	if errs := s.client().Remove(t.Context(), []string{""}, nil); inventory.KindOf(errs[0]) != inventory.Invalid || len(s.seen) != 0 {
		t.Errorf("%v %q", errs, s.seen)
	}
	// Hosts that are gone already: nothing is parked.
	v := &removableStub{}
	v.serve(s)
	if errs := s.client().Remove(t.Context(), hostIDs(2), nil); errs[0] != nil || errs[1] != nil || len(s.requests("POST")) != 0 {
		t.Errorf("%v %q", errs, s.seen)
	}
}

// On any doubt nothing is deleted, in this list and in all later ones.
func TestRemoveDoubts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		v     removableStub
		other func(*stub)
		kind  inventory.Kind
		word  string
	}{
		"spm that is no UUID":  {removableStub{spm: "nope"}, nil, inventory.Incomplete, "nothing was deleted"},
		"a stranger is parked": {removableStub{extra: []string{testID(777)}}, func(s *stub) { s.on("GET "+apiHosts, replaceHost(s, testID(0), testID(777))) }, inventory.Incomplete, testID(777)},
		"too many are parked":  {removableStub{extra: []string{testID(777)}}, nil, inventory.Incomplete, "more than the 1 rows asked for"},
		"no spm":               {removableStub{}, func(s *stub) { s.json("POST "+apiCache, 200, `{}`) }, inventory.Incomplete, "no spm"},
		"nobody is parked":     {removableStub{}, func(s *stub) { s.json("POST "+apiCache, 200, `{"spm":"`+testSPM+`"}`) }, inventory.Incomplete, "does not list"},
		"parking is refused":   {removableStub{}, func(s *stub) { s.json("POST "+apiCache, 403, denied) }, inventory.Denied, "right"},
		"hosts cannot be read": {removableStub{}, func(s *stub) { s.json("GET "+apiHosts, 500, ``) }, inventory.Temporary, "500"},
		"a row of another org": {removableStub{}, func(s *stub) {
			s.json("GET "+apiHosts, 200, pageJSON(1, strings.ReplaceAll(hostJSON(testID(0), "a"), DefaultOrganisation, testID(9))))
		}, inventory.Organisation, ""},
		"other hosts than asked": {removableStub{}, func(s *stub) { s.json("GET "+apiHosts, 200, pageJSON(1, hostJSON(testID(777), "a"))) }, inventory.Incomplete, "not asked for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			v := test.v
			v.hosts = hostIDs(2)
			v.serve(s)
			if test.other != nil {
				test.other(s)
			}
			errs := s.client(func(o *Options) { o.BatchSize = 1 }).Remove(t.Context(), hostIDs(2), nil)
			for _, err := range errs {
				wantKind(t, err, test.kind, test.word)
			}
			if n := len(s.requests("DELETE")); n != 0 || len(v.hosts) != 2 || len(s.requests("POST")) > 1 {
				t.Errorf("%d DELETEs, %q", n, s.seen)
			}
		})
	}
}

// replaceHost lists one host in place of another under an spm.
func replaceHost(s *stub, id, other string) http.HandlerFunc {
	next := s.routes["GET "+apiHosts]
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("spm") != "" {
			reply(w, 200, pageJSON(1, hostJSON(other, "x")))
			return
		}
		next(w, r)
	}
}

// 204 does not mean deleted, and a lost answer does not mean kept.
func TestRemoveReadsBack(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	v := &removableStub{hosts: hostIDs(4), lazy: true}
	v.serve(s)
	errs := s.client(func(o *Options) { o.BatchSize = 2 }).Remove(t.Context(), hostIDs(4), nil)
	for _, err := range errs {
		wantKind(t, err, inventory.Incomplete, "still there")
	}
	if n := len(s.requests("DELETE")); n != 1 {
		t.Errorf("%d DELETEs", n)
	}
	s = newStub(t)
	v = &removableStub{hosts: hostIDs(2), broken: true}
	v.serve(s)
	if errs := s.client().Remove(t.Context(), hostIDs(2), nil); errs[0] != nil || errs[1] != nil || len(v.hosts) != 0 {
		t.Errorf("%v, left %v", errs, v.hosts)
	}
	s = newStub(t)
	v = &removableStub{hosts: hostIDs(2), broken: true, lazy: true}
	v.serve(s)
	for _, err := range s.client().Remove(t.Context(), hostIDs(2), nil) {
		wantKind(t, err, inventory.Unanswered)
	}
	if n := len(s.requests("DELETE")); n != 1 {
		t.Errorf("%d DELETEs", n)
	}
}

// A host that is deleted between two calls stops nobody; one that is only not parked does.
func TestRemovePartlyParked(t *testing.T) {
	t.Parallel()
	for _, gone := range []bool{true, false} {
		s := newStub(t)
		v := &removableStub{hosts: hostIDs(3)}
		v.serve(s)
		park := s.routes["POST "+apiCache]
		s.on("POST "+apiCache, func(w http.ResponseWriter, r *http.Request) {
			park(w, r)
			v.parked = v.parked[:2]
			if gone {
				v.hosts = v.hosts[:2]
			}
		})
		errs := s.client().Remove(t.Context(), hostIDs(3), nil)
		if gone && (errs[0] != nil || errs[2] != nil || len(v.hosts) != 0) {
			t.Errorf("%v, left %q", errs, v.hosts)
		}
		if !gone {
			wantKind(t, errs[0], inventory.Incomplete, testID(2), "nothing was deleted")
		}
		if !gone && len(s.requests("DELETE")) != 0 {
			t.Errorf("%q", s.requests("DELETE"))
		}
	}
}

// TestRemoveOnlyWhatIsStillDue: the hosts under the spm are read as they are now. If one is not to be deleted any
// more nothing is deleted by this spm; the others are, by another one.
func TestRemoveOnlyWhatIsStillDue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		edited         []int
		parks, deletes int
	}{"none": {nil, 1, 1}, "one": {[]int{1}, 2, 1}, "all": {[]int{0, 1, 2}, 1, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			v := &removableStub{hosts: hostIDs(3), labels: map[string][]string{}, spms: []string{testSPM, testID(100)}}
			v.serve(s)
			park := s.routes["POST "+apiCache]
			s.on("POST "+apiCache, func(w http.ResponseWriter, r *http.Request) {
				park(w, r)
				for _, n := range test.edited {
					v.labels[testID(n)] = []string{"jms-keep:me"}
				}
			})
			errs := s.client().Remove(t.Context(), hostIDs(3), func(now inventory.Asset) bool {
				if !now.Active || now.Address == "" || now.Platform == "" {
					t.Errorf("it was not read whole: %+v", now)
				}
				return now.LabelCount(inventory.LabelKeep) == 0
			})
			for n, id := range hostIDs(3) {
				if errs[n] != nil || slices.Contains(v.hosts, id) != slices.Contains(test.edited, n) {
					t.Errorf("host %d: %v, there are %q", n, errs[n], v.hosts)
				}
			}
			if parks, deletes := len(s.requests("POST")), len(s.requests("DELETE")); parks != test.parks || deletes != test.deletes {
				t.Errorf("parked %d times, %d DELETEs", parks, deletes)
			}
			for at, r := range s.seen {
				if strings.HasPrefix(r, "DELETE") && !strings.Contains(s.seen[at-1], "spm=") {
					t.Errorf("the request before the DELETE is %s", s.seen[at-1])
				}
			}
		})
	}
}

// Only these may be sent with DELETE.
func TestProvenDelete(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		apiHosts + "?spm=" + testSPM:                        true,
		apiLabels + testSPM + "/":                           true,
		apiHosts:                                            false,
		apiHosts + testSPM + "/":                            false,
		apiHosts + "?spm=":                                  false,
		apiHosts + "?spm=" + testSPM + "&x=1":               false,
		apiLabels:                                           false,
		apiLabels + testSPM:                                 false,
		apiLabels + "?spm=" + testSPM:                       false,
		apiLabels + testSPM + "/?x=1":                       false,
		apiLabels + testSPM + "/" + testSPM + "/":           false,
		apiLabels + "../../assets/hosts/" + testSPM + "/":   false,
		apiLabels + "*/":                                    false,
		"/api/v1/labels/labeled-resources/" + testSPM + "/": false,
		"/x" + apiLabels + testSPM + "/":                    false,
	} {
		if got := isSafeDelete(path); got != want {
			t.Errorf("DELETE %s: %v", path, got)
		}
		s := newStub(t)
		s.on("DELETE "+strings.Split(path, "?")[0], answer(204, ""))
		err := s.client().doCall(t.Context(), apiCall{op: "x", method: http.MethodDelete, path: path})
		if (err == nil) != want || (len(s.seen) == 1) != want {
			t.Errorf("DELETE %s: %v, %q", path, err, s.seen)
		}
	}
}

// TestLabelRowsByName: rows of other names, as from a server that does not know the filter or a database that ignores
// accents, are dropped.
func TestLabelRowsByName(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	var rows []string
	for n, name := range []string{"jms-gone", "JMS-Gone", "jms-göne", "jms-gone2", "team", "jms-instance"} {
		rows = append(rows, `{"id":"`+testID(n)+`","name":"`+name+`","value":"v","color":null,"comment":null,"res_count":0,"org_id":"`+DefaultOrganisation+`"}`)
	}
	s.json("GET "+apiLabels, 200, pageJSON(len(rows), rows...))
	got, err := s.client().LabelRows(t.Context(), inventory.LabelGone)
	if err != nil || len(got) != 2 || got[0].Name != "jms-gone" || got[1].Name != "JMS-Gone" || got[0].Edited {
		t.Errorf("%+v %v", got, err)
	}
}
