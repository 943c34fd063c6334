package alibaba_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestWithoutTheSecondRight: a key that may not ask for single instances at all gives weak absences, by
// two questions for any number of them.
func TestWithoutTheSecondRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.Fill(region, 5)
	w.account.Remove(region, ids[:3]...)
	w.Server.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstanceAttribute})
	found, err := w.Open(t, cloudtest.InstantRetries(), nil).FindVerified(t.Context(), region, ids)
	if err != nil || len(found.Instances) != 2 || len(found.Weak) != 3 || w.Calls(alibabatest.DescribeInstanceAttribute) != 2 {
		t.Errorf("%+v after %d questions: %v", found, w.Calls(alibabatest.DescribeInstanceAttribute), err)
	}
	for _, id := range ids[:3] {
		checkError(t, found.Weak[id])
		if inventory.KindOf(found.Weak[id]) != inventory.Denied {
			t.Errorf("%s: %v", id, found.Weak[id])
		}
	}
}

// TestWithheld: an instance that a policy withholds from the key is left out of the answer by ids, and
// is not absent, wherever it stands among those that are.
func TestWithheld(t *testing.T) {
	t.Parallel()
	for at := range 3 {
		w := newWorld(t)
		ids := w.Fill(region, 3)
		w.account.DenyInstances(ids[at])
		w.account.Remove(region, ids[(at+1)%3], ids[(at+2)%3])
		found, err := w.Open(t, cloudtest.InstantRetries(), nil).FindVerified(t.Context(), region, ids)
		if inventory.KindOf(err) != inventory.Denied || found.Instances != nil || found.Weak != nil {
			t.Errorf("%d: %+v, %v", at, found, err)
		}
		checkError(t, err)
	}
}

// TestOddWitness: an answer about another instance, or about none, proves nothing.
func TestOddWitness(t *testing.T) {
	t.Parallel()
	for _, fault := range []alibabatest.Kind{alibabatest.NoRequestID, alibabatest.NoList, alibabatest.Truncated} {
		w := newWorld(t)
		ids := w.Fill(region, 2)
		w.account.Hide(region, ids...)
		w.Server.Break(alibabatest.Fault{Kind: fault, Action: alibabatest.DescribeInstanceAttribute})
		found, err := w.Open(t, cloudtest.InstantRetries(), nil).FindVerified(t.Context(), region, ids)
		if inventory.KindOf(err) != inventory.Incomplete || fmt.Sprint(found) != "{[] map[] []}" {
			t.Errorf("%s: %+v, %v", fault, found, err)
		}
		checkError(t, err)
	}
}

// TestFoundAfterAll: what only the second witness shows is there, with what it says of it.
func TestFoundAfterAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.Fill(region, 12)
	w.account.Change(region, func(i *alibabatest.Instance) { i.EIP, i.InnerIPs = "47.0.0.1", []string{"10.1.0.1"} }, ids[0])
	w.account.Hide(region, ids[:10]...)
	w.account.Remove(region, ids[9])
	found, err := w.Open(t, cloudtest.InstantRetries(), nil).FindVerified(t.Context(), region, ids)
	if err != nil || len(found.Instances) != 11 || found.Weak != nil || w.Calls(alibabatest.DescribeInstanceAttribute) != 10 {
		t.Fatalf("%+v after %d questions: %v", found, w.Calls(alibabatest.DescribeInstanceAttribute), err)
	}
	got, want := found.Instances[0], inventory.Instance{
		Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: harness().Account.Name, Region: region}, ID: ids[0], Name: "web-00000", HostName: "iZ00000000",
		Status: "running", Type: "ecs.g7.large", VPC: "vpc-2ze000000000000000001", PrivateIPs: []string{"10.0.0.0"}, ClassicIPs: []string{"10.1.0.1"},
		PublicIPs: []string{"47.0.0.1"}, AddressesPartial: true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	if last := found.Instances[10]; last.ID != ids[11] || last.AddressesPartial {
		t.Errorf("one that the list shows: %+v", last)
	}
}
