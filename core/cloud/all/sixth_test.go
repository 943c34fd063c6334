package all_test

import (
	"context"
	"io/fs"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/cloud/fakecloudtest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/doctor"
)

// sixClouds is the list with one line more.
func sixClouds() []cloud.Provider {
	return append(all.Providers(), fakecloudtest.Provider(cloud.RetryPolicy{}))
}

// TestSixthCloud: with a folder and a line a cloud can be configured, listed and examined. Its contract is in its
// folder; init's question and the documents are tested where they are (TestSixthCloud of functions/local and of infra).
func TestSixthCloud(t *testing.T) {
	t.Parallel()
	key := fakecloudtest.Key{AccountID: "700", ID: "FAKEtestkey000001", Secret: "s3cret/of+the=test"}
	server := fakecloudtest.NewServer(t, key, "r-one", "r-two")
	server.Fill("r-one", 3)
	web := httptest.NewServer(server)
	t.Cleanup(func() {
		server.Close()
		web.Close()
	})
	cfg := loadSixth(t, "样例云", web.URL, key)
	c := cfg.Clouds[0]
	if c.Cloud != "fakecloud" {
		t.Fatalf("the configuration is of cloud %q", c.Cloud)
	}
	account := cloud.Account{Cloud: c.Cloud, Name: c.Name, AccessKeyID: c.AccessKeyID, AccessKeySecret: c.AccessKeySecret, Endpoint: c.Endpoint}

	listings := cloud.Open([]cloud.Account{account}, sixClouds()).List(t.Context(), cloud.Filter{})
	if len(listings) != 2 || len(listings[0].Instances) != 3 || listings[0].Owner != "700" || !listings[0].IsComplete() || !listings[1].IsComplete() {
		t.Errorf("%+v", listings)
	}

	named, err := loadClouds(t.Context(), "{type: fakecloud, name: b, access_key_id: "+key.ID+", access_key_secret: "+key.Secret+
		", endpoint: 'http://127.0.0.1:1', endpoints: {identity: '"+web.URL+"', machines: '"+web.URL+"'}, exclude_regions: [R-two]}")
	if err != nil {
		t.Fatal(err)
	}
	n := named.Clouds[0]
	listings = cloud.Open([]cloud.Account{{
		Cloud: n.Cloud, Name: n.Name, AccessKeyID: n.AccessKeyID, AccessKeySecret: n.AccessKeySecret, Endpoint: n.Endpoint, Endpoints: n.Endpoints, ExcludeRegions: n.ExcludeRegions,
	}}, sixClouds()).List(t.Context(), cloud.Filter{})
	if len(listings) != 1 || len(listings[0].Instances) != 3 {
		t.Errorf("%+v", listings)
	}

	provider := sixClouds()[len(all.Providers())]
	lister, err := provider.Open(account)
	if err != nil {
		t.Fatal(err)
	}
	found := doctor.RunChecks(t.Context(), []doctor.Check{doctor.CloudCheck(doctor.Account{
		Cloud: c.Cloud, Name: c.Name, Lister: lister, AbsentID: provider.NonexistentID, RequiredRights: provider.Permissions, Visibility: provider.Visibility,
	})}, time.Minute)
	var text strings.Builder
	for _, f := range found[0].Findings {
		text.WriteString(f.Found.EN + "\n")
	}
	if doctor.WorstVerdict(found) != doctor.OK || !strings.Contains(text.String(), "this account, region by region") || !strings.Contains(text.String(), "fake:ListMachines") {
		t.Errorf("doctor says\n%s", &text)
	}
}

// TestSixthCloudMistakes: mistakes name the sixth cloud among the others, and know what it does not have.
func TestSixthCloudMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{type: nothing-like-it, name: a}": ", 样例云, fakecloud",
		"{type: fakeclud, name: a}":        "fakecloud",
		"{type: FakeCloud, name: a, access_key_id: x, access_key_secret: y, tenant_id: t, assume_role_arn: r}":              "tenant_id: is only for Azure",
		"{type: fakecloud, name: a, access_key_id: x, access_key_secret: y, regions: [r-one-zone2]}":                        "is a zone; write its region r-one",
		"{type: fakecloud, name: a, access_key_id: x, access_key_secret: y, endpoints: {machine: 'https://x.example.com'}}": "is no service of Fake Cloud, must be one of identity, machines, did you mean machines?",
		"{type: fakecloud, name: a, identity: ecs_role}":                                                                    "identity: is only for Alibaba Cloud and Azure",
	} {
		_, err := loadClouds(t.Context(), text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func loadSixth(t *testing.T, kind, endpoint string, key fakecloudtest.Key) config.Config {
	t.Helper()
	cfg, err := loadClouds(t.Context(), "{type: "+kind+", name: fake-prod, access_key_id: "+key.ID+", access_key_secret: "+key.Secret+", endpoint: '"+endpoint+"'}")
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// loadClouds loads a configuration with one account.
func loadClouds(ctx context.Context, account string) (config.Config, error) {
	text := "language: en\nclouds: [" + account + "]\n" +
		"jumpserver: {url: 'https://jms.example.com', access_key_id: 11111111-2222-4333-8444-555555555555, access_key_secret: x}\n"
	return config.Load(ctx, config.Source{File: "config.yaml", Clouds: cloud.TableOf(sixClouds()), ReadFile: func(name string) ([]byte, error) {
		if name != "config.yaml" {
			return nil, fs.ErrNotExist
		}
		return []byte(text), nil
	}})
}
