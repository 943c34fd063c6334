package state

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

func newInstance(n int) inventory.Instance {
	return inventory.Instance{
		Scope: newScope("prod", "cn-hangzhou"), Owner: "1234", ID: fmt.Sprintf("i-%06d", n),
		Name: "web", HostName: "web-host", OSType: "linux", OSName: "Ubuntu", Status: "running", Type: "ecs.g6",
		VPC: "vpc-1", Project: "project-1", PrivateIPs: []string{"10.0.0.1", "10.0.0.2"}, ClassicIPs: []string{"10.1.0.1"},
		PublicIPs: []string{"47.0.0.1"}, IPv6s: []string{"2408::1", "2408::2"},
		Facts: &inventory.Facts{
			Status: "running", Zone: "cn-hangzhou-a", Subnet: "vsw-1", Groups: []string{"sg-1", "sg-2"}, ResourceGroup: "rg-1", Image: "m-1",
			Charge: "prepaid", CreatedAt: time.Unix(1e9, 0), ExpiresAt: time.Unix(2e9, 0), Elastic: 1,
			Tags: []inventory.Tag{{Key: "app", Value: "web"}, {Key: "env", Value: "prod"}},
		},
	}
}

func newListing(count int) inventory.Listing {
	l := inventory.Listing{Scope: newScope("prod", "cn-hangzhou"), Owner: "1234"}
	for n := range count {
		l.Instances = append(l.Instances, newInstance(n))
	}
	return l
}

// unreadFields are the fields that no plan reads of an instance with an address. A field that is neither here nor in the fingerprint
// fails the test: decide where it belongs.
func unreadFields() map[string]bool { return map[string]bool{"Status": true} }

// alterField alters one value of a field in every way that its kind allows.
func alterField(t *testing.T, v reflect.Value, told func(what string)) {
	t.Helper()
	old := reflect.ValueOf(v.Interface())
	set := func(what string, to any) {
		v.Set(reflect.ValueOf(to).Convert(v.Type()))
		told(what)
		v.Set(old)
	}
	switch v.Kind() {
	case reflect.String:
		set("another", v.String()+"x")
		set("empty", "")
	case reflect.Uint8:
		set("another", uint8(v.Uint())+1)
		set("the last", uint8(inventory.Absent))
	case reflect.Uint16:
		set("another fact", inventory.Fact(v.Uint())^inventory.FactSubnet)
	case reflect.Bool:
		set("the other", !v.Bool())
	case reflect.Int:
		set("one more", int(v.Int())+1)
	case reflect.Pointer:
		set("none", (*inventory.Facts)(nil))
		alterField(t, v.Elem(), told)
	case reflect.Slice:
		if tags, are := old.Interface().([]inventory.Tag); are {
			set("one less", tags[1:])
			set("another value", []inventory.Tag{{Key: tags[0].Key, Value: "x"}, tags[1]})
			set("joined", []inventory.Tag{{Key: tags[0].Key, Value: tags[0].Value + tags[1].Key + tags[1].Value}})
			return
		}
		texts := old.Interface().([]string)
		set("one more", append(append([]string{}, texts...), "10.9.9.9"))
		set("one less", texts[1:])
		set("another", append([]string{"10.9.9.9"}, texts[1:]...))
		if len(texts) > 1 {
			set("other order", []string{texts[1], texts[0]})
			set("joined", []string{texts[0] + texts[1]})
		}
	case reflect.Struct:
		if at, is := old.Interface().(time.Time); is {
			set("later", at.Add(time.Second))
			return
		}
		for n := range v.NumField() {
			alterField(t, v.Field(n), func(what string) { told(v.Type().Field(n).Name + " " + what) })
		}
	default:
		t.Fatalf("a field of kind %s: the fingerprint and this test do not know it", v.Kind())
	}
}

func TestFingerprintHasEveryFieldThatAPlanReads(t *testing.T) {
	t.Parallel()
	l := newListing(3)
	before := Fingerprint(l, "salt")
	target := reflect.ValueOf(&l.Instances[1]).Elem()
	for n := range target.NumField() {
		name := target.Type().Field(n).Name
		changes := 0
		alterField(t, target.Field(n), func(what string) {
			changes++
			if same := Fingerprint(l, "salt") == before; same != unreadFields()[name] {
				t.Errorf("%s %s: fingerprint the same: %v", name, what, same)
			}
		})
		if changes == 0 {
			t.Errorf("%s was not tried", name)
		}
	}
	if Fingerprint(l, "salt") != before {
		t.Fatal("the test did not put everything back")
	}
}

func TestFingerprintHasTheListing(t *testing.T) {
	t.Parallel()
	l := newListing(2)
	l.Projects = []string{"project-1", "project-2"}
	before := Fingerprint(l, "salt")
	for n := range reflect.TypeFor[inventory.Listing]().NumField() {
		field := reflect.TypeFor[inventory.Listing]().Field(n).Name
		switch field {
		case "Scope", "Owner", "OwnerUnknown", "Projects":
			alterField(t, reflect.ValueOf(&l).Elem().Field(n), func(what string) {
				if Fingerprint(l, "salt") == before {
					t.Errorf("%s %s: the same fingerprint", field, what)
				}
			})
		case "Instances", "Err": // the other tests
		default:
			t.Errorf("%s: the fingerprint does not know it", field)
		}
	}
	l.Err = errors.New("failed")
	if got := Fingerprint(l, "salt"); got != "" {
		t.Errorf("a failed listing has fingerprint %s", got)
	}
}

func TestFingerprintOfSets(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	note := func(what, fingerprint string) {
		if !isFingerprint(fingerprint) || fingerprint == "" {
			t.Errorf("%s: %q is no fingerprint", what, fingerprint)
		}
		if other, twice := seen[fingerprint]; twice {
			t.Errorf("%s has the fingerprint of %s", what, other)
		}
		seen[fingerprint] = what
	}
	for n := range 4 {
		note(fmt.Sprint(n, " instances"), Fingerprint(newListing(n), ""))
	}
	note("a salt", Fingerprint(newListing(3), "salt"))
	note("another salt", Fingerprint(newListing(3), "Salt"))
	double := newListing(2)
	double.Instances = append(double.Instances, newInstance(1))
	note("one twice", Fingerprint(double, ""))
	moved := newListing(1) // the same texts in other lists
	moved.Instances[0].PrivateIPs, moved.Instances[0].ClassicIPs = []string{"10.0.0.1"}, []string{"10.0.0.2", "10.1.0.1"}
	note("an address of another kind", Fingerprint(moved, ""))
	for n, lists := range [][2][]string{{{"a", ""}, {}}, {{"a"}, {""}}, {{"a"}, {}}, {{}, {"a"}}} {
		l := newListing(1)
		l.Instances[0].PrivateIPs, l.Instances[0].ClassicIPs = lists[0], lists[1]
		note(fmt.Sprint("lists ", n), Fingerprint(l, ""))
	}
	ipv6 := newListing(1) // without the list, in another list, and as what follows it
	ipv6.Instances[0].IPv6s = nil
	note("no IPv6 address", Fingerprint(ipv6, ""))
	ipv6.Instances[0].PublicIPs = append(ipv6.Instances[0].PublicIPs, "2408::1", "2408::2")
	note("IPv6 addresses in another list", Fingerprint(ipv6, ""))
	for _, status := range []string{"running", "pending", ""} {
		bare := newListing(1)
		i := &bare.Instances[0]
		i.PrivateIPs, i.ClassicIPs, i.PublicIPs, i.IPv6s, i.Status = nil, nil, nil, nil, status
		note("no address, and "+status, Fingerprint(bare, ""))
	}
	shifted := newListing(1) // the same bytes, cut elsewhere
	shifted.Instances[0].Name, shifted.Instances[0].HostName = "webweb", "-host"
	note("a name that took from the next field", Fingerprint(shifted, ""))
}

func TestFingerprintDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	l := newListing(200)
	want := Fingerprint(l, "s")
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		r.Shuffle(len(l.Instances), func(x, y int) {
			l.Instances[x], l.Instances[y] = l.Instances[y], l.Instances[x]
		})
		if got := Fingerprint(l, "s"); got != want {
			t.Fatalf("another order gives %s, want %s", got, want)
		}
	}
}

func BenchmarkFingerprint(b *testing.B) {
	l := newListing(10_000)
	b.ReportAllocs()
	for b.Loop() {
		Fingerprint(l, "salt")
	}
}

// TestFingerprintOfIPv4IsThatOfEarlierVersions: instances without IPv6 have the fingerprints that earlier versions stored, so that
// an upgrade reads nothing anew. The texts were made before IPv6 was known.
func TestFingerprintOfIPv4IsThatOfEarlierVersions(t *testing.T) {
	t.Parallel()
	l := newListing(2)
	for n := range l.Instances {
		l.Instances[n].IPv6s, l.Instances[n].AddressesPartial, l.Instances[n].Facts = nil, n == 1, nil
	}
	const want = "sha256:74ea9cc90407747740e90b053ac4783f197046695fbd0e7d89244cd2a034ffa9"
	if got := Fingerprint(l, "salt"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
