// Package sessiontest emulates everything that a session talks to: JumpServer, Alibaba Cloud and DingTalk on loopback,
// with an estate of any size. Tests run it in their process; jms-sync emulate runs it in one of its own, for infra/bench
// and for people.
package sessiontest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
)

// World describes what the emulators hold and how they answer.
type World struct {
	Hosts, Regions, Accounts int // Hosts are those of one region of one account
	Version                  jumpservertest.Version
	Database                 string // postgresql or one of jumpservertest.Databases
	JumpServerLatency        time.Duration
	CloudLatency             time.Duration
	AtOnce                   int  // requests that JumpServer serves at a time, while others wait; 0 = all
	Throttle                 int  // requests a minute that JumpServer accepts; 0 = any number, or jumpservertest.VersionMaxRequests
	Measured                 bool // JumpServer answers as slowly as a real server
	Crowd                    bool // creates take as long as on a real server, by the number of writers
	Seeded                   bool // JumpServer holds what a sync would create
	Rules                    int  // so many mapping rules; the instances have tags then, whatever the rules are
}

// Check returns an error for a world that no emulator supports, with the flags of jms-sync emulate in its message.
func (w World) Check() error {
	switch {
	case !slices.Contains(jumpservertest.Versions(), w.Version):
		return fmt.Errorf("--version: one of %s", jumpservertest.Versions())
	case !slices.Contains(jumpservertest.Databases(), w.collation()):
		return fmt.Errorf("--database: postgresql or one of %s", jumpservertest.Databases()[1:])
	case w.Hosts < 0 || w.Regions < 1 || w.Accounts < 1 || w.instanceCount() > 1<<24:
		return errors.New("--hosts, --regions, --accounts: at least 0, 1 and 1, and 16,777,216 instances in all at most")
	case w.AtOnce < 0 || w.Throttle < jumpservertest.VersionMaxRequests || w.JumpServerLatency < 0 || w.CloudLatency < 0:
		return errors.New("--at-once, --throttle and latencies must not be negative")
	case w.Rules < 0 || w.Rules > 1000 || w.Rules > 0 && (w.Measured || w.Crowd || w.AtOnce != 0 || w.Throttle != 0):
		return errors.New("--rules: 0 to 1,000, and without --measured, --crowd, --at-once and --throttle")
	}
	return nil
}

// Start builds the world and serves it. The context bounds the seeding.
func (w World) Start(ctx context.Context) (*Emulators, error) {
	e := &Emulators{world: w, JumpServer: w.newJumpServer(), Robot: dingtalktest.New(dingtalktest.Options{Secret: robotSecret})}
	e.answerTimes = &answerTimer{next: w.jumpServerHandler(e.JumpServer), took: map[string]timeSum{}}
	e.Cloud, e.first = w.newCloud()
	err := e.listen(e.answerTimes, &e.Announced.JumpServer)
	if err == nil {
		err = e.listen(e.Cloud, &e.Announced.Alibaba)
	}
	if err == nil {
		err = e.listen(e.Robot, &e.Announced.DingTalk)
	}
	e.Announced.Environment, e.Announced.Configuration = e.environment(), w.configuration()
	switch {
	case w.Rules > 0:
		e.addZones()
		if err == nil && w.Seeded {
			err = e.fillByRules(ctx)
		}
	case err == nil && w.Seeded:
		err = e.seedJumpServer(ctx)
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	e.Cloud.SetLatency(w.CloudLatency) // the seeding need not wait
	e.resetCounts()
	return e, nil
}

func (w World) newJumpServer() *jumpservertest.Server {
	var costs jumpservertest.WriteTimes
	latency := w.JumpServerLatency
	if w.Measured {
		costs, latency = jumpservertest.MeasuredWriteTimes(w.Version)
		costs.Spread = 0.5
	}
	if w.Crowd { // which has its own times for creates
		costs.Create, costs.CreateLabel = 0, 0
	}
	return jumpservertest.New(jumpservertest.Options{
		Version: w.Version, Database: w.collation(), MaxParallel: w.AtOnce, MaxRequests: w.Throttle,
		Latency: latency, WriteTimes: costs, Limit: w.assetLimit(),
	})
}

// jumpServerHandler returns JumpServer as clients reach it.
func (w World) jumpServerHandler(server http.Handler) http.Handler {
	if !w.Crowd {
		return server
	}
	c := jumpservertest.MeasuredConcurrentCreates(w.Version)
	c.Spread = 0.5
	return c.Handler(server)
}

// newCloud returns the cloud and its first account. No two instances share an id, a name or an address.
func (w World) newCloud() (server *alibabatest.Server, first *alibabatest.Account) {
	server = alibabatest.New(alibabatest.Options{Regions: w.regionNames()})
	made := 0
	for n := range w.Accounts {
		account := server.AddAccount(AccessKey(n))
		if n == 0 {
			first = account
		}
		for _, region := range w.regionNames() {
			account.Fill(region, w.Hosts, func(i int) alibabatest.Instance { return w.instance(made + i) })
			made += w.Hosts
		}
	}
	return server, first
}

func (w World) instance(i int) alibabatest.Instance {
	if w.Rules == 0 {
		return alibabatest.SampleInstance(i)
	}
	return tagged(alibabatest.SampleInstance(i), i)
}

// AccessKey returns the access key of account n.
func AccessKey(n int) alibabatest.Key {
	return alibabatest.Key{
		AccountID:   fmt.Sprintf("10000000000%05d", n+1),
		AccessKeyID: fmt.Sprintf("emulated-key-%d", n), AccessKeySecret: fmt.Sprintf("emulated-word-%d", n),
	}
}

func (w World) collation() jumpservertest.Database {
	if w.Database == "postgresql" {
		return jumpservertest.PostgreSQL
	}
	return jumpservertest.Database(w.Database)
}

// instanceCount returns the number of instances in all accounts and regions.
func (w World) instanceCount() int { return w.Hosts * w.Regions * w.Accounts }

// assetLimit returns how many assets JumpServer accepts: the limit of the community edition, or all instances if there
// are more.
func (w World) assetLimit() int { return max(5000, w.instanceCount()) }

func (w World) regionNames() []string {
	names := make([]string, w.Regions)
	for n := range names {
		names[n] = fmt.Sprintf("cn-region-%d", n+1)
	}
	return names
}
