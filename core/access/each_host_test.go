package access

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestDiffIsThatOfEachHost: counted by moves, the diff is what a look at each host and each user gives.
// Invariants: 22.
func TestDiffIsThatOfEachHost(t *testing.T) {
	t.Parallel()
	paths := []string{"/DEFAULT", "/DEFAULT/a", "/DEFAULT/a/b", "/DEFAULT/c", "/DEFAULT/c/d"}
	for n := range 8 {
		paths = append(paths, fmt.Sprintf("/DEFAULT/a/n%d", n))
	}
	atOnce := 0
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 7))
		s := &fakeServer{nodes: map[string]string{}, rules: map[string][]inventory.AccessRule{}, members: map[string]inventory.AccessMembers{}}
		for n, p := range paths {
			s.nodes[p] = fmt.Sprint("n-", n)
		}
		for n := range random.IntN(9) {
			s.grant(s.nodes[paths[random.IntN(len(paths))]], fmt.Sprint("r-", n), fmt.Sprint("u", random.IntN(4)), fmt.Sprintf("g%d=u%d+u%d", n, random.IntN(4), random.IntN(4)))
		}
		var read []inventory.Node // of half of the servers, so that all rules are read at once where there are many places
		for path, id := range s.nodes {
			if seed%2 == 0 {
				read = append(read, inventory.Node{ID: id, Path: path})
			}
		}
		m := NewMoves(read)
		type host struct{ from, to []string }
		var hosts []host
		for range 1 + random.IntN(40) {
			h := host{from: pick(random, s.nodes), to: pick(random, s.nodes)}
			hosts = append(hosts, h)
			m.record(m.add(h.from), m.add(h.to))
		}
		d, err := Compute(t.Context(), s, m, nil, newLimits())
		if err != nil {
			t.Fatal(err)
		}
		gained, lost, nobody := map[string]int{}, map[string]int{}, 0
		for _, h := range hosts {
			before, after := s.usersOf(h.from), s.usersOf(h.to)
			for place := range s.nodes {
				id := s.nodes[place]
				for u := range s.usersOf([]string{id}) {
					if slices.Contains(h.to, id) && !before[u] {
						gained[id+u]++
					}
					if slices.Contains(h.from, id) && !after[u] {
						lost[id+u]++
					}
				}
			}
			if len(after) == 0 && len(without(h.to, h.from)) > 0 {
				nobody++
			}
		}
		gotGained, gotLost, gotNobody := map[string]int{}, map[string]int{}, 0
		for _, n := range d.Nodes {
			countHolders(n.ID, n.Gain, gotGained)
			countHolders(n.ID, n.Lose, gotLost)
			gotNobody += n.Nobody
		}
		if slices.Contains(s.calls, "grants") {
			atOnce++
		}
		if !reflect.DeepEqual(gotGained, gained) || !reflect.DeepEqual(gotLost, lost) || gotNobody != nobody {
			t.Fatalf("seed %d: gained %v, lost %v, nobody %d\nwant %v, %v, %d\n%s", seed, gotGained, gotLost, gotNobody, gained, lost, nobody, describe(d))
		}
	}
	if atOnce < 20 {
		t.Errorf("all rules were read at once %d times", atOnce)
	}
}

// pick returns up to two of the nodes.
func pick(random *rand.Rand, nodes map[string]string) []string {
	ids := slices.Sorted(func(yield func(string) bool) {
		for _, id := range nodes {
			if !yield(id) {
				return
			}
		}
	})
	var some []string
	for range random.IntN(3) {
		some = append(some, ids[random.IntN(len(ids))])
	}
	return some
}

// usersOf returns the users who reach a host in these nodes.
func (s *fakeServer) usersOf(nodes []string) map[string]bool {
	users := map[string]bool{}
	for _, n := range nodes {
		rules, _ := s.AccessRulesOfNode(context.Background(), n)
		for _, r := range rules {
			for _, u := range s.members[r.ID].Users {
				users[u.ID] = true
			}
		}
	}
	return users
}

func countHolders(node string, all []Holder, to map[string]int) {
	for _, h := range all {
		if h.Kind == User {
			to[node+h.ID] += h.Hosts
		}
	}
}

// TestManyNodesAreOneQuestion: of many nodes whose paths were read all rules are read at once, whatever the limit of nodes;
// where that fails, nodes are asked for one by one.
func TestManyNodesAreOneQuestion(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		unread, fails bool
		asked         int // nodes
		unknown       int // hosts
	}{
		"read":         {},
		"not read":     {unread: true, asked: 50, unknown: 51},
		"lists failed": {fails: true, asked: 50, unknown: 51},
	} {
		s := newServer()
		var read []inventory.Node
		for n := range 100 {
			s.nodes[fmt.Sprintf("/DEFAULT/prod/app-%d", n)] = fmt.Sprint("n-", n)
		}
		for path, id := range s.nodes {
			if !c.unread {
				read = append(read, inventory.Node{ID: id, Path: path})
			}
		}
		if c.fails {
			s.fails = failOn("grants", &inventory.Error{Kind: inventory.Incomplete})
		}
		m := NewMoves(read)
		for n := range 100 {
			m.Add(update(asset(true, "n-prod"), fmt.Sprint("n-", n)))
		}
		d, err := Compute(t.Context(), s, m, nil, newLimits())
		asked := 0
		for _, call := range s.calls {
			if len(call) > 6 && call[:6] == "rules " {
				asked++
			}
		}
		if err != nil || d.Unknown > c.unknown || d.Unknown+len(d.Nodes)-1 != 100 || asked != c.asked {
			t.Errorf("%s: %v: %d nodes asked, %d hosts unknown, %d nodes told", name, err, asked, d.Unknown, len(d.Nodes))
		}
	}
}
