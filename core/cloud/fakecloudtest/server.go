package fakecloudtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/secret"
)

// PageSize is how many machines ListMachines returns at once.
const PageSize = 50

// Key is the one key of an emulated cloud, and whose it is.
type Key struct{ AccountID, ID, Secret string }

// Server is the emulator, an http.Handler.
type Server struct {
	*peertest.Base
	*peertest.Regions[machine]
	key   Key
	names []string
}

// NewServer makes an emulator without machines, in these regions.
func NewServer(reporter peertest.Reporter, key Key, regions ...string) *Server {
	return &Server{
		Base:    peertest.New(peertest.Options{Name: "fakecloudtest", Reporter: reporter}),
		Regions: peertest.NewRegions(func(m machine) string { return m.ID }), key: key, names: regions,
	}
}

// Fill puts n machines into a region, and returns their ids.
func (s *Server) Fill(region string, n int) []string {
	return s.Regions.Fill(region, n, func(i int) machine {
		return machine{ID: fmt.Sprintf("m-%06d", i), Name: fmt.Sprint("machine-", i), IP: fmt.Sprintf("10.9.%d.%d", i/250, i%250+1), Status: "running"}
	})
}

// SetStatus sets the status of machines.
func (s *Server) SetStatus(region, status string, ids ...string) {
	s.Change(region, func(m *machine) { m.Status = status }, ids...)
}

// FillIPv6 puts a machine that has only an IPv6 address into a region, and returns its id.
func (s *Server) FillIPv6(region string) string {
	return s.Regions.Fill(region, 1, func(i int) machine {
		return machine{ID: fmt.Sprintf("m-6%05d", i), Name: fmt.Sprint("machine-6-", i), IP: fmt.Sprintf("2408:4005:0366:8700::%X", i+10)}
	})[0]
}

// FillFacts puts machine n of those with a zone and tags into a region, and returns its id.
func (s *Server) FillFacts(region string, n int, zone string, tags map[string]string) string {
	m := machine{ID: fmt.Sprintf("m-7%05d", n), Name: fmt.Sprint("machine-7-", n), IP: fmt.Sprintf("10.10.0.%d", n), Status: "running"}
	m.Zone, m.Tags = cloud.LenientText(zone), cloud.NewShown(tags)
	s.Put(region, m)
	return m.ID
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	action, region := strings.TrimPrefix(r.URL.Path, "/"), r.URL.Query().Get("region")
	number, here := s.BeginRequest(w, r, action)
	if !here {
		return
	}
	request := fmt.Sprint("request-", number)
	if !slices.Contains([]string{WhoAmI, ListRegions, ListMachines, ShowMachine}, action) || r.Method != http.MethodGet {
		s.RecordUnexpected(r, action, errors.New("no such call"))
	}
	if status, code := s.authenticate(r); code != "" {
		send(w, status, document{Request: request, Code: code, Message: "refused"})
		return
	}
	fault := s.NextFault(action, region, r.Header.Get("X-Fake-Key"))
	switch fault.Kind {
	case "", peertest.NoProgress, peertest.Endless, peertest.Truncated:
	case peertest.Throttled:
		send(w, http.StatusTooManyRequests, document{Request: request, Code: codeThrottled, Message: "too many calls"})
		return
	case peertest.NoPermission:
		send(w, http.StatusForbidden, document{Request: request, Code: codeForbidden, Message: "no right fake:" + action})
		return
	default:
		if s.AnswerFault(w, r, fault) {
			return
		}
	}
	s.answer(w, r, request, action, fault.Kind)
}

// authenticate checks key, time and signature.
func (s *Server) authenticate(r *http.Request) (status int, code string) {
	at := r.Header.Get("X-Fake-Time")
	sent, err := time.Parse(requestTime, at)
	switch {
	case r.Header.Get("X-Fake-Key") != s.key.ID || r.Header.Get("X-Fake-Signature") != signatureOf(secret.New(s.key.Secret), at, r.URL.RequestURI()):
		return http.StatusUnauthorized, codeBadKey
	case err != nil || s.Now().Sub(sent).Abs() > 15*time.Minute:
		return http.StatusUnauthorized, codeExpired
	}
	return 0, ""
}

// answer does what was asked.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, request, action string, kind peertest.Kind) {
	query, answer := r.URL.Query(), document{Request: request}
	region := query.Get("region")
	switch {
	case action == WhoAmI:
		answer.Account = s.key.AccountID
	case action == ListRegions:
		answer.Regions = s.names
	case !slices.Contains(s.names, region):
		send(w, http.StatusNotFound, document{Request: request, Code: codeNoRegion, Message: "no region " + region})
		return
	case action == ShowMachine:
		m, there := s.Get(region, query.Get("id"))
		if !there {
			send(w, http.StatusNotFound, document{Request: request, Code: codeNoMachine, Message: "no such machine"})
			return
		}
		answer.Machine = &m
	default:
		var ids []string
		if query.Has("ids") {
			ids = strings.Split(query.Get("ids"), ",")
		}
		rows, next := s.Page(region, ids, query.Get("after"), PageSize)
		if kind == peertest.NoProgress {
			rows, next = s.Page(region, ids, "", PageSize)
		}
		if kind == peertest.Endless {
			next = "~" + request // after all machines
		}
		rows = append([]machine{}, rows...)
		answer.Machines, answer.Next = &rows, next
	}
	body := encode(answer)
	if kind == peertest.Truncated {
		body = body[:len(body)/2]
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // a client that went away is not our fault
}

func send(w http.ResponseWriter, status int, answer document) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encode(answer)) // a client that went away is not our fault
}

// encode writes an answer; nothing in one can fail to be JSON.
func encode(answer document) []byte {
	body, _ := json.Marshal(answer)
	return body
}
