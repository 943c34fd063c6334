package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/secret"
)

func serve(t *testing.T, h http.Handler) config.Config {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return config.Config{JumpServer: config.JumpServer{
		URL: server.URL, AccessKeyID: secret.New(jumpservertest.KeyID), AccessKeySecret: secret.New(jumpservertest.KeySecret),
	}}
}

// TestAllFields: the baseline reads on where the server cuts its pages, and gets the fields that a real list has.
func TestAllFields(t *testing.T) {
	t.Parallel()
	s := jumpservertest.New(jumpservertest.Options{Version: jumpservertest.V410, PageCap: 2, TB: t})
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: name, Address: "10.0.0.1", Active: true})
	}
	rows, calls, err := readAllPages(t.Context(), serve(t, s))
	if err != nil || len(rows) != 5 || calls != 3 {
		t.Fatalf("%d rows by %d calls: %v", len(rows), calls, err)
	}
	for _, field := range []string{"id", "name", "auto_config", "nodes", "protocols", "gathered_info", "date_created"} {
		if _, there := rows[4][field]; !there {
			t.Errorf("no %s in %v", field, rows[4])
		}
	}
}

// TestAllFieldsRefuses: a list that ends before its count is no measurement, nor is a refusal.
func TestAllFieldsRefuses(t *testing.T) {
	t.Parallel()
	for want, answer := range map[string]http.HandlerFunc{
		"0 of 3":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"count":3,"results":[]}`)) },
		"status 401": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
	} {
		if _, _, err := readAllPages(t.Context(), serve(t, answer)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
