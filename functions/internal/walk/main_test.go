package walk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"testing"
)

// TestMain runs the tests, or, called by a stand-in for a program of the reader's, hands the call to the world of the walk.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == standInFlag {
		os.Exit(handCall(os.Args[2], os.Args[3:]))
	}
	os.Exit(m.Run())
}

const (
	standInFlag = "-stand-in"
	worldURL    = "WALK_WORLD"
)

// call is how a stand-in was called.
type call struct {
	Name string
	Args []string
	Dir  string
	Env  []string
	In   string
}

// answer is what a stand-in prints and how it ends.
type answer struct {
	Out, Err string
	Code     int
}

// handCall hands a call to the world, and prints its answer.
func handCall(name string, args []string) int {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	c := call{Name: name, Args: args, Dir: dir, Env: os.Environ()}
	if slices.Contains(args, "apply") { // which asks
		in, _ := io.ReadAll(os.Stdin)
		c.In = string(in)
	}
	text, err := json.Marshal(c)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	resp, err := (&http.Client{Transport: &http.Transport{}}).Post(os.Getenv(worldURL), "application/json", bytes.NewReader(text)) //nolint:noctx // it ends with the test
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = resp.Body.Close() }()
	var a answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprint(os.Stdout, a.Out)
	fmt.Fprint(os.Stderr, a.Err)
	return a.Code
}
