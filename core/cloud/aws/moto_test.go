package aws_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/aws"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// varMoto names the server's program; the Makefile sets it.
const varMoto = "JMS_SYNC_TEST_MOTO"

const (
	motoAccount = "123456789012" // whose account moto is
	motoFleet   = 1200           // more than a page; moto's pages count reservations, so each instance has its own
	motoStarts  = 8              // RunInstances under way at once
)

// TestMoto lists an EC2 that nobody here wrote, moto's server (https://github.com/getmoto/moto),
// while instances run, stop and end. It checks no signatures; the emulator beside this file does.
func TestMoto(t *testing.T) {
	t.Parallel()
	program := os.Getenv(varMoto)
	if program == "" {
		t.Skip("skipped: make test-moto")
	}
	m := startMoto(t, program)
	began := time.Now()
	ids := m.run(t, motoFleet)
	t.Logf("%d instances were started in %s", len(ids), time.Since(began).Round(time.Millisecond))
	l := m.open(t, "")
	if owner, err := l.Owner(t.Context()); owner != motoAccount || err != nil {
		t.Errorf("owner %q, %v", owner, err)
	}
	if regions, err := l.Regions(t.Context()); err != nil || !slices.Contains(regions, region) || slices.Contains(regions, "ap-nowhere-1") {
		t.Errorf("regions %q, %v", regions, err)
	}
	if list, err := l.List(t.Context(), "eu-central-1"); err != nil || len(list) != 0 {
		t.Errorf("an empty region: %d rows, %v", len(list), err)
	}
	// moto's start in the state running; each step names how many of the first hundred it changes.
	stopped, gone := ids[:30], ids[30:70]
	m.calls.Store(0)
	m.checkListAndFound(t, l, ids, nil, nil)
	m.change(t, stopped, nil)
	m.checkFound(t, l, ids[:100], stopped, nil)
	m.change(t, nil, gone)
	m.checkListAndFound(t, l, ids, stopped, gone)
	if owner, err := m.open(t, "arn:aws:iam::210987654321:role/reader").Owner(t.Context()); owner != "210987654321" || err != nil {
		t.Errorf("the owner by a role: %q, %v", owner, err)
	}
}

// checkListAndFound lists all and looks the first hundred up, and checks both against what was done.
func (m *moto) checkListAndFound(t *testing.T, l cloud.Lister, ids, stopped, gone []string) {
	t.Helper()
	began := time.Now()
	list, err := l.List(t.Context(), region)
	if err != nil {
		t.Fatal(err)
	}
	calls := m.calls.Swap(0)
	t.Logf("%d instances were listed in %s, by %d calls", len(list), time.Since(began).Round(time.Millisecond), calls)
	if calls != 2 {
		t.Errorf("%d instances by %d calls, want 2 pages", len(list), calls)
	}
	m.check(t, "list", list, ids, stopped, gone)
	m.checkFound(t, l, ids[:100], stopped, gone)
}

// checkFound looks instances up, and checks them against what was done.
func (m *moto) checkFound(t *testing.T, l cloud.Lister, ids, stopped, gone []string) {
	t.Helper()
	found, err := cloudtest.FindInstances(t.Context(), l, region, append([]string{"i-0123456789abcdef0"}, ids...)...)
	if err != nil {
		t.Fatal(err)
	}
	m.check(t, "lookup", found, ids, stopped, gone)
	seen, err := l.Find(t.Context(), region, ids)
	if err != nil || !slices.EqualFunc(seen, found, func(a, b inventory.Instance) bool { return a.ID == b.ID && a.Status == b.Status }) {
		t.Errorf("glance sees %d, lookup %d: %v", len(seen), len(found), err)
	}
	m.calls.Store(0)
}

func (m *moto) check(t *testing.T, what string, list []inventory.Instance, ids, stopped, gone []string) {
	t.Helper()
	want := slices.DeleteFunc(slices.Sorted(slices.Values(ids)), func(id string) bool { return slices.Contains(gone, id) })
	if len(list) != len(want) {
		t.Errorf("%s: %d instances, want %d", what, len(list), len(want))
		return
	}
	for n, i := range list {
		state := "running"
		if slices.Contains(stopped, i.ID) {
			state = "stopped"
		}
		if i.ID != want[n] || i.Status != state || i.Region != region || len(i.PrivateIPs) == 0 || i.VPC == "" || !strings.HasPrefix(i.Name, "web-") {
			t.Errorf("%s: %+v, want %s %s", what, i, want[n], state)
			return
		}
	}
}

// moto is a running server.
type moto struct {
	endpoint string // of a proxy before it, which counts
	client   *ec2.Client
	calls    atomic.Int64
}

func (m *moto) open(t *testing.T, arn string) cloud.Lister {
	t.Helper()
	l, err := aws.Open(cloud.Account{
		Name: "moto", Endpoint: m.endpoint, AccessKeyID: secret.New("AKIATESTMOTO00000001"), AccessKeySecret: secret.New("moto-secret"),
		AssumeRoleARN: arn, RequestTimeout: 5 * time.Minute, // moto takes seconds for a page
	}, cloudtest.InstantRetries())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// run starts n instances, each by a call and so in a reservation of its own.
func (m *moto) run(t *testing.T, n int) []string {
	t.Helper()
	ids, errs := make([]string, n), make([]error, motoStarts)
	var group sync.WaitGroup
	for start := range motoStarts {
		group.Go(func() {
			for i := start; i < n && errs[start] == nil; i += motoStarts {
				ids[i], errs[start] = m.runOne(t.Context(), i)
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return ids
}

func (m *moto) runOne(ctx context.Context, i int) (string, error) {
	out, err := m.client.RunInstances(ctx, &ec2.RunInstancesInput{
		ImageId:  sdk.String("ami-12c6146b"), // one of moto's own
		MinCount: sdk.Int32(1), MaxCount: sdk.Int32(1), InstanceType: types.InstanceTypeT3Micro,
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: sdk.String("Name"), Value: sdk.String(fmt.Sprintf("web-%04d", i))}},
		}},
	})
	if err != nil {
		return "", err
	}
	if len(out.Instances) != 1 {
		return "", fmt.Errorf("%d instances were started, not one", len(out.Instances))
	}
	return sdk.ToString(out.Instances[0].InstanceId), nil
}

// change stops some instances and terminates others.
func (m *moto) change(t *testing.T, stop, terminate []string) {
	t.Helper()
	if len(stop) > 0 {
		if _, err := m.client.StopInstances(t.Context(), &ec2.StopInstancesInput{InstanceIds: stop}); err != nil {
			t.Fatal(err)
		}
	}
	if len(terminate) > 0 {
		if _, err := m.client.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: terminate}); err != nil {
			t.Fatal(err)
		}
	}
}

// startMoto starts the server, which ends with the test. Its port is one that was free a moment
// ago, so that another may be tried.
func startMoto(t *testing.T, program string) *moto {
	t.Helper()
	var errs error
	for range 3 {
		m, err := tryMoto(t, program)
		if err == nil {
			return m
		}
		errs = errors.Join(errs, err)
	}
	t.Fatal(errs)
	return nil
}

func tryMoto(t *testing.T, program string) (*moto, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it takes no time
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	_ = l.Close()
	host, port, _ := net.SplitHostPort(address)
	//nolint:gosec // the program is what the Makefile installed
	command := exec.CommandContext(t.Context(), program, "-H", host, "-p", port)
	command.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1"}
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	command.WaitDelay = 10 * time.Second
	if err := command.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // it is killed at the end
		close(ended)
	}()
	t.Cleanup(func() { <-ended })
	m := &moto{}
	front := httptest.NewServer(m.counting(&url.URL{Scheme: "http", Host: address}))
	t.Cleanup(front.Close)
	m.endpoint = front.URL
	m.client = ec2.New(ec2.Options{
		Region: region, BaseEndpoint: sdk.String("http://" + address), Credentials: credentials.NewStaticCredentialsProvider("AKIATESTMOTO00000001", "moto-secret", ""),
	})
	if err := m.answers(t, ended); err != nil {
		_ = command.Process.Kill()
		<-ended
		return nil, errors.New(err.Error() + ": " + said.String())
	}
	return m, nil
}

// counting passes requests on, and counts them.
func (m *moto) counting(to *url.URL) http.Handler {
	pass := &httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ErrorLog: log.New(io.Discard, "", 0), // it would tell of a server that is not there yet
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.calls.Add(1)
		pass.ServeHTTP(w, r)
	})
}

// answers waits until the server tells its account, which no other program on this port does.
func (m *moto) answers(t *testing.T, ended <-chan struct{}) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		owner, err := m.open(t, "").Owner(ctx)
		if err == nil && owner == motoAccount {
			return nil
		}
		select {
		case <-ended:
			return errors.New("moto_server has ended")
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}
