package jumpserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

func TestNodes(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	status, tree := recorded(t, "v4.7.0/nodes", "tree_children")
	s.json("GET "+apiTree, status, strings.ReplaceAll(string(tree), "DEFAULT", "总部"))
	var made []string
	s.on("POST "+apiNodes, func(w http.ResponseWriter, r *http.Request) {
		var n node
		if err := json.NewDecoder(r.Body).Decode(&n); err != nil || n.ID != "" {
			t.Error(n, err)
		}
		made = append(made, n.Path)
		reply(w, 201, fmt.Sprintf(`{"id":%q,"full_value":%q}`, testID(len(made)), n.Path))
	})
	c := s.client()
	paths := []string{"/DEFAULT/阿里云/a", "/DEFAULT/阿里云/b", "/DEFAULT/阿里云/a", "/DEFAULT"}
	if err := c.EnsureNodes(t.Context(), paths); err != nil {
		t.Fatal(err)
	}
	if want := "[/总部/阿里云/a /总部/阿里云/b]"; fmt.Sprint(made) != want {
		t.Errorf("%v, want %s", made, want)
	}
	sent := len(s.seen)
	if err := c.EnsureNodes(t.Context(), paths); err != nil || len(s.seen) != sent {
		t.Errorf("%v, calls for known paths: %q", err, s.seen[sent:])
	}
	if n, err := c.EnsureNode(t.Context(), "/DEFAULT", ""); err != nil || n.ID != rootNode || n.Created {
		t.Error(n, err)
	}
}

// Writers that need nodes at the same time create them one after another.
func TestNodesOneAfterAnother(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	var busy, made atomic.Int32
	next := s.routes["POST "+apiNodes]
	s.on("POST "+apiNodes, func(w http.ResponseWriter, r *http.Request) {
		if busy.Add(1) != 1 {
			t.Error("two nodes at once")
		}
		time.Sleep(time.Millisecond)
		made.Add(1)
		next(w, r)
		busy.Add(-1)
	})
	c := s.client()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			if err := c.EnsureNodes(t.Context(), []string{"/DEFAULT/p/" + fmt.Sprint(i%2)}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if made.Load() != 2 {
		t.Errorf("%d nodes made", made.Load())
	}
}

func TestNodePathsRefused(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	c := s.client()
	long := strings.Repeat("云", 129)
	bad := []string{"", "/", "DEFAULT/a", "/OTHER/a", "/DEFAULTS", "/DEFAULT/", "/DEFAULT//a", "/DEFAULT/a/", "/DEFAULT/" + long}
	for _, path := range bad {
		wantKind(t, c.EnsureNodes(t.Context(), []string{path}), inventory.Invalid, "node path")
	}
	if len(s.seen) != 0 {
		t.Errorf("calls %q", s.seen)
	}
	// A bad path does not stop the others; a permanent refusal by JumpServer does.
	err := c.EnsureNodes(t.Context(), []string{"/DEFAULT//a", "/DEFAULT/" + long[:128*3], "/DEFAULT/x/"})
	wantKind(t, err, inventory.Invalid)
	if n := len(s.requests("POST")); n != 1 {
		t.Errorf("%d nodes made", n)
	}
	s.json("POST "+apiNodes, 403, `{"detail":"no","code":"permission_denied"}`)
	wantKind(t, c.EnsureNodes(t.Context(), []string{"/DEFAULT/y", "/DEFAULT/z"}), inventory.Denied)
	if n := len(s.requests("POST")); n != 2 {
		t.Errorf("%d nodes tried", n)
	}
}

func TestRootIsRenamed(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	root := "DEFAULT"
	s.on("GET "+apiTree, func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 200, fmt.Sprintf(`[{"pId":"","meta":{"data":{"id":%q,"key":"1","value":%q}}}]`, rootNode, root))
	})
	s.on("POST "+apiNodes, func(w http.ResponseWriter, r *http.Request) {
		var n node
		_ = json.NewDecoder(r.Body).Decode(&n)
		if !strings.HasPrefix(n.Path, "/"+root+"/") {
			n.Path = "/" + root + n.Path // as JumpServer does
		}
		reply(w, 201, fmt.Sprintf(`{"id":%q,"full_value":%q}`, nodeA, n.Path))
	})
	c := s.client()
	if err := c.EnsureNodes(t.Context(), []string{"/DEFAULT/a"}); err != nil {
		t.Fatal(err)
	}
	root = "HQ"
	if err := c.EnsureNodes(t.Context(), []string{"/DEFAULT/b"}); err != nil {
		t.Fatal(err)
	}
	s.json("POST "+apiNodes, 201, `{"id":"`+nodeA+`","full_value":"/HQ/else"}`)
	err := c.EnsureNodes(t.Context(), []string{"/DEFAULT/c"})
	wantKind(t, err, inventory.Invalid, "/HQ/else")
	if !errors.Is(err, errOtherNodeMade) {
		t.Error(err)
	}
	s.json("GET "+apiTree, 200, `[]`)
	wantKind(t, s.client().EnsureNodes(t.Context(), []string{"/DEFAULT/c"}), inventory.Incomplete, "root")
}
