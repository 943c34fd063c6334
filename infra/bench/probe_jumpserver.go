package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
)

// baselinePageSize is how many hosts the baseline asks for: all of them. A server answers with as many as it gives at
// most (v4.7.0 10,000, v4.10.16 1,000), and the baseline asks for the rest.
const baselinePageSize = 100_000

// readAllFields does what simple tools do: it reads every host with all fields, decodes each page as a whole, lists the
// instances, and counts those that have a host. It builds no plan, so that it takes less time and memory than such a
// tool. It lists the clouds as a run does, so that only the reading of JumpServer differs.
func readAllFields(ctx context.Context, cfg config.Config) (probeResult, error) {
	begun := time.Now()
	rows, calls, err := readAllPages(ctx, cfg)
	if err != nil {
		return probeResult{}, err
	}
	instances, err := listInstances(ctx, cfg)
	if err != nil {
		return probeResult{}, err
	}
	have := make(map[string]map[string]any, len(rows))
	for _, row := range rows {
		if id, ok := row["id"].(string); ok {
			have[id] = row
		}
	}
	p := probeResult{Rows: len(rows), Calls: calls}
	for _, i := range instances {
		if have[inventory.AssetID(i.Cloud, i.Region, i.ID)] != nil {
			p.Found++
		}
	}
	p.Seconds = time.Since(begun).Seconds()
	return p, nil
}

// readAllPages reads pages until there are as many rows as the server counts.
func readAllPages(ctx context.Context, cfg config.Config) (rows []map[string]any, calls int, err error) {
	client, err := newBaselineClient(cfg)
	if err != nil {
		return nil, 0, err
	}
	for {
		var page struct {
			Count   int              `json:"count"`
			Results []map[string]any `json:"results"`
		}
		target := fmt.Sprintf("%s/api/v1/assets/hosts/?limit=%d&offset=%d", cfg.JumpServer.URL, baselinePageSize, len(rows))
		body, err := getSigned(ctx, client, cfg.JumpServer, target)
		if err == nil {
			err = json.Unmarshal(body, &page)
		}
		if err != nil {
			return nil, calls, fmt.Errorf("probe: read hosts: %w", err)
		}
		calls++
		rows = append(rows, page.Results...)
		switch {
		case len(rows) >= page.Count:
			return rows, calls, nil
		case len(page.Results) == 0:
			return nil, calls, fmt.Errorf("probe: read hosts: %d of %d rows came", len(rows), page.Count)
		}
	}
}

// newBaselineClient returns a client with the proxy and the certificates of the configuration.
func newBaselineClient(cfg config.Config) (*http.Client, error) {
	by, err := httpx.NewProxyFunc(cfg.JumpServer.Proxy.Reveal())
	if err != nil {
		return nil, fmt.Errorf("jumpserver.proxy: %w", err)
	}
	pool, err := httpx.NewCertPool(cfg.JumpServer.CA)
	if err != nil {
		return nil, fmt.Errorf("jumpserver.ca_file: %w", err)
	}
	transport := httpx.NewTransport(by, cfg.Timeout.Connect)
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: !cfg.JumpServer.VerifySSL, RootCAs: pool} //nolint:gosec
	transport.ForceAttemptHTTP2 = true
	return httpx.NewClient(transport), nil
}

func getSigned(ctx context.Context, client *http.Client, to config.JumpServer, target string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	signPlainly(req, to, time.Now())
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	return io.ReadAll(resp.Body)
}

// signPlainly signs like core/jumpserver, whose own signing is not exported: HTTP Signature over (request-target),
// accept and date.
func signPlainly(req *http.Request, to config.JumpServer, now time.Time) {
	org := to.OrgID
	if org == "" {
		org = jumpserver.DefaultOrganisation
	}
	req.Header.Set("X-JMS-ORG", org)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	mac := hmac.New(sha256.New, []byte(to.AccessKeySecret.Reveal()))
	fmt.Fprintf(mac, "(request-target): %s %s\naccept: application/json\ndate: %s",
		strings.ToLower(req.Method), req.URL.RequestURI(), req.Header.Get("Date"))
	req.Header.Set("Authorization", fmt.Sprintf(`Signature keyId="%s",algorithm="hmac-sha256",headers="(request-target) accept date",signature="%s"`,
		to.AccessKeyID.Reveal(), base64.StdEncoding.EncodeToString(mac.Sum(nil))))
}
