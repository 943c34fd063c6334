package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

// maxEventBytes bounds an event; those of clouds have a few kilobytes.
const maxEventBytes = 1 << 20

// maxEventsAtWork bounds how many events are handled at the same time. A sender whose turn does not come in its time delivers
// again.
const maxEventsAtWork = 4

// eventHandler handles an event of a cloud, see wire.App.
type eventHandler func(ctx context.Context, of inventory.Cloud, payload []byte, role wire.Role) (reconcile.EventReport, error)

// eventServer answers those who send events.
type eventServer struct {
	token  [sha256.Size]byte // its sum, so that comparing takes the same time whatever is shown
	log    *slog.Logger
	handle eventHandler
	atWork chan struct{}
}

func newEventServer(token secret.Value, log *slog.Logger, handle eventHandler) http.Handler {
	s := &eventServer{token: sha256.Sum256([]byte(token.Reveal())), log: log, handle: handle, atWork: make(chan struct{}, maxEventsAtWork)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("POST /events", s.serveEvent)
	return mux
}

// isTrusted reports whether a sender shows the token. Alibaba's EventBridge sends its setting Token in a header of its own
// (https://help.aliyun.com/document_detail/207037.html).
func (s *eventServer) isTrusted(r *http.Request) bool {
	shown := []string{r.Header.Get("X-Eventbridge-Signature-Token")}
	if bearer, is := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); is {
		shown = append(shown, bearer)
	}
	if _, password, is := r.BasicAuth(); is {
		shown = append(shown, password)
	}
	for _, text := range shown {
		sum := sha256.Sum256([]byte(text))
		if subtle.ConstantTimeCompare(sum[:], s.token[:]) == 1 {
			return true
		}
	}
	return false
}

// serveEvent handles one event and answers when that is done. A sender who hangs up does not end the work: what it delivers
// again finds it done.
func (s *eventServer) serveEvent(w http.ResponseWriter, r *http.Request) {
	if !s.isTrusted(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="jms-sync"`)
		s.refuse(w, r, http.StatusUnauthorized, "the token is wrong or missing")
		return
	}
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEventBytes))
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		s.refuse(w, r, http.StatusRequestEntityTooLarge, err.Error())
		return
	case err != nil:
		s.refuse(w, r, http.StatusBadRequest, err.Error())
		return
	}
	if address := subscriptionAddress(payload); address != "" {
		s.log.Warn("SNS wants this subscription confirmed: open the address once", "address", address)
		writeAnswer(w, http.StatusOK, map[string]string{"confirm": "the log says how"})
		return
	}
	from := session.EventSender(payload)
	if from == "" {
		s.refuse(w, r, http.StatusBadRequest, session.ParseEvents("", payload, cloud.Origin{})[0].Err.Error())
		return
	}
	select {
	case s.atWork <- struct{}{}:
	case <-r.Context().Done():
		return
	}
	defer func() {
		<-s.atWork
	}()
	ctx, cancel := context.WithTimeout(wire.WithRun(context.WithoutCancel(r.Context()), strings.ToLower(rand.Text()[:8])), eventTimeout)
	defer cancel()
	answer, err := s.handle(ctx, from, payload, wire.Role{})
	if err != nil {
		s.refuse(w, r, http.StatusServiceUnavailable, err.Error())
		return
	}
	writeAnswer(w, http.StatusOK, answer)
}

// refuse answers that an event is not handled, and why, and logs it.
func (s *eventServer) refuse(w http.ResponseWriter, r *http.Request, status int, why string) {
	s.log.Warn("event not handled", "status", status, "from", r.RemoteAddr, "error", why)
	writeAnswer(w, status, map[string]string{"error": why})
}

func writeAnswer(w http.ResponseWriter, status int, answer any) {
	text, err := json.Marshal(answer)
	if err != nil { // cannot be: documents of ours
		status, text = http.StatusInternalServerError, []byte(`{}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}

// subscriptionAddress returns the address that confirms a subscription of AWS SNS, "" for any other message
// (https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html). A person opens it: whoever knows the token
// could name any address.
func subscriptionAddress(payload []byte) string {
	var message struct {
		Type         string
		SubscribeURL string
	}
	if json.Unmarshal(payload, &message) != nil || message.Type != "SubscriptionConfirmation" {
		return ""
	}
	return message.SubscribeURL
}
