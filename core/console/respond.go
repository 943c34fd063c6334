package console

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// question is a request that is answered with one document.
type question func(r *http.Request) (any, error)

// answer serves what a question is answered with.
func (h *handler) answer(q question) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		document, err := q(r)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		h.write(w, r, http.StatusOK, document)
	})
}

// smallAnswer is what is not worth compressing.
const smallAnswer = 2 << 10

// write writes a document, compressed where that is worth it and the browser takes it.
func (h *handler) write(w http.ResponseWriter, r *http.Request, status int, document any) {
	text, err := h.encode(document)
	if err != nil {
		h.Log.Error("an answer cannot be encoded", "path", r.URL.Path, "error", err)
		broken := language.New("答案无法编码", "the answer cannot be encoded")
		status = http.StatusInternalServerError
		text, _ = json.Marshal(Problem{Code: CodeFailed, ZH: broken.ZH, EN: broken.EN})
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if len(text) < smallAnswer || !takesGzip(r) {
		w.WriteHeader(status)
		_, _ = w.Write(text)
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Add("Vary", "Accept-Encoding")
	w.WriteHeader(status)
	packed := gzip.NewWriter(w)
	_, _ = packed.Write(text)
	_ = packed.Close()
}

func takesGzip(r *http.Request) bool {
	for _, coding := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if name == "gzip" {
			return true
		}
	}
	return false
}

// encode returns the JSON of a document without any secret.
func (h *handler) encode(document any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(document); err != nil {
		return nil, err
	}
	return []byte(h.Scrub(strings.TrimSuffix(out.String(), "\n"))), nil
}

// readBody fills a document from a request's body, which must be one JSON value with known fields only.
func readBody(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		_, more := d.Token()
		if !errors.Is(more, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return newFailure(http.StatusRequestEntityTooLarge, CodeTooLarge, language.New("请求太大", "the request is too large"))
	case err != nil:
		f := newFailure(http.StatusBadRequest, CodeBadRequest, language.New("请求不是这里所要的 JSON", "the request is not the JSON that is wanted here"))
		f.Err = err
		return f
	}
	return nil
}

// newFailure returns a failure with a text of ours.
func newFailure(status int, code string, text language.Text) *Failure {
	return &Failure{Problem: Problem{Code: code, ZH: text.ZH, EN: text.EN}, Status: status}
}

// NewFailure returns a failure with a text of ours and its cause, which may be nil. What the cause says is shown, scrubbed.
func NewFailure(status int, code string, text language.Text, cause error) error {
	f := newFailure(status, code, text)
	f.Err = cause
	if cause != nil {
		f.Detail = language.ErrorText(cause, language.English)
	}
	return f
}

func notFoundText() language.Text { return language.New("没有这个", "there is no such thing") }

// failureOf returns how an error is told.
func failureOf(err error) *Failure {
	var known *Failure
	if errors.As(err, &known) {
		return known
	}
	f := newFailure(http.StatusBadGateway, CodeFailed, language.New("没有做成", "it was not done"))
	f.Err, f.Detail = err, language.ErrorText(err, language.English)
	var both *language.Error
	if errors.As(err, &both) {
		f.ZH, f.EN, f.Detail = language.ErrorText(err, language.Chinese), language.ErrorText(err, language.English), ""
	}
	switch inventory.KindOf(err) {
	case inventory.NotFound:
		f.Status, f.Code = http.StatusNotFound, CodeNotFound
	case inventory.Invalid:
		f.Status, f.Code = http.StatusBadRequest, CodeBadRequest
	}
	return f
}

// fail answers a request that failed.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := failureOf(err)
	if f.Status >= http.StatusInternalServerError {
		h.Log.Warn("a request of the console failed", "path", r.URL.Path, "code", f.Code, "error", h.Scrub(fmt.Sprint(err, " ", f.Detail)))
	}
	if f.retryAfter != "" {
		w.Header().Set("Retry-After", f.retryAfter)
	}
	h.write(w, r, f.Status, f.Problem)
}

// panicText returns what is safe to log of a panic: the text of one of the runtime, otherwise only its type.
func panicText(broken any) string {
	e, ok := broken.(runtime.Error)
	if ok {
		return e.Error()
	}
	return fmt.Sprintf("%T", broken)
}
