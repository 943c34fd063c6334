package storagetest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"hash/crc64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Dialect is the kind of store that a Server imitates.
type Dialect string

// The dialects.
const (
	S3  Dialect = "s3"
	OSS Dialect = "oss"
	OBS Dialect = "obs"
)

// The names and credentials that a Server knows.
const (
	Bucket     = "the-bucket"
	GoodID     = "AKIDEXAMPLE"
	GoodSecret = "very/secret+key"
	GoodToken  = "token==of-a-role"
	// maxPageKeys is the most keys of one page, as in all three stores.
	maxPageKeys = 1000
)

// Server is an emulated store with one bucket, called Bucket or as NewNamedServer was told, on a loopback address, in path style. It is
// strict: an unknown request is answered with 501 and fails the test. Of a signature it
// checks the scheme, the key's id and the token, but not the value.
type Server struct {
	URL     string
	dialect Dialect
	bucket  string
	t       testing.TB
	closing chan struct{}

	mu                sync.Mutex
	objects           map[string][]byte
	token             string // that requests must carry, "" = none
	versioning        string // "", Enabled, Suspended; of OSS
	ignoresConditions bool   // of writes
	requests          []string
	fault             Fault
	faultPrefix       string // of the requests to which the fault applies
	faultAfter        int
	faultTimes        int // 0 = all
}

// NewServer starts a Server, which ends with the test.
func NewServer(t testing.TB, d Dialect) *Server { return NewNamedServer(t, d, Bucket) }

// NewNamedServer starts a Server whose bucket has this name.
func NewNamedServer(t testing.TB, d Dialect, bucket string) *Server {
	s := &Server{dialect: d, bucket: bucket, t: t, objects: map[string][]byte{}, closing: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = server.URL
	t.Cleanup(func() {
		close(s.closing)
		server.CloseClientConnections()
		server.Close()
	})
	return s
}

// Ref returns the reference of a key.
func (s *Server) Ref(key string) string {
	return string(s.dialect) + "://" + s.bucket + "/" + key + "?region=region-1&endpoint=" + url.QueryEscape(s.URL)
}

// InjectFault makes requests fail that begin with match ("GET", "PUT some-key", "" = all): the first
// `after` ones succeed, then `times` fail (0 = all).
func (s *Server) InjectFault(f Fault, match string, after, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.faultPrefix, s.faultAfter, s.faultTimes = f, match, after, times
}

// ClearFault ends a fault.
func (s *Server) ClearFault() { s.InjectFault("", "", 0, 0) }

// RequireToken refuses requests without this token.
func (s *Server) RequireToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

// SetVersioning sets the versioning of the bucket, which only OSS's client asks for.
func (s *Server) SetVersioning(status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versioning = status
}

// IgnoreConditions makes the store ignore the conditions of writes, as some S3-compatible stores do.
func (s *Server) IgnoreConditions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ignoresConditions = true
}

// SetObject stores an object; nil removes it.
func (s *Server) SetObject(key string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data == nil {
		delete(s.objects, key)
		return
	}
	s.objects[key] = data
}

// TakeRequests returns the requests since the last call: "GET key 304".
func (s *Server) TakeRequests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.requests
	s.requests = nil
	return out
}

// responseRecorder buffers an answer until it is complete.
type responseRecorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *responseRecorder) WriteHeader(status int) { r.status = status }

func (r *responseRecorder) Write(p []byte) (int, error) { return r.body.Write(p) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	name := strings.TrimSpace(r.Method + " " + key)
	for _, part := range []string{"list-type", "max-keys", "versioning"} {
		if key == "" && r.URL.Query().Has(part) {
			name = map[string]string{"versioning": "VERSIONING"}[part]
			if name == "" {
				name = "LIST"
			}
		}
	}
	w.Header().Set(s.requestID(), "5C1B138A109F4E405B2D8AEF")
	f := s.nextFault(name)
	if f == Disconnect {
		s.recordRequest(name + " " + string(f))
	}
	if s.showFault(w, r, f) {
		s.recordRequest(name + " " + string(f))
		return
	}
	answer := &responseRecorder{ResponseWriter: w, status: http.StatusOK}
	s.serveBucket(answer, r, name, bucket, key, f)
	s.recordRequest(name + " " + strconv.Itoa(answer.status))
	body := answer.body.Bytes()
	if answer.status < 300 && (f == LostAnswer || f == Truncated || f == HalfDocument) {
		writePartial(w, body, f)
		return
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(body)
}

// nextFault returns the fault of a request, and counts its use.
func (s *Server) nextFault(name string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == "" || !strings.HasPrefix(name, s.faultPrefix) {
		return ""
	}
	if s.faultAfter > 0 {
		s.faultAfter--
		return ""
	}
	f := s.fault
	if s.faultTimes == 1 {
		s.fault = ""
	}
	s.faultTimes = max(0, s.faultTimes-1)
	return f
}

func (s *Server) recordRequest(request string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, request)
}

func (s *Server) requestID() string {
	return map[Dialect]string{S3: "X-Amz-Request-Id", OSS: "X-Oss-Request-Id", OBS: "X-Amz-Request-Id"}[s.dialect]
}

func (s *Server) serveBucket(w http.ResponseWriter, r *http.Request, name, bucket, key string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	verb, _, _ := strings.Cut(name, " ")
	switch {
	case !s.checkSignature(w, r):
	case bucket != s.bucket:
		s.writeError(w, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist.")
	case name == "VERSIONING" && s.dialect == OSS:
		status := ""
		if s.versioning != "" {
			status = "<Status>" + s.versioning + "</Status>"
		}
		_, _ = io.WriteString(w, "<VersioningConfiguration>"+status+"</VersioningConfiguration>")
	case name == "LIST":
		s.serveList(w, r.URL.Query(), f)
	case verb == http.MethodGet && key != "":
		s.serveGet(w, r, key)
	case verb == http.MethodPut && key != "":
		s.servePut(w, r, key)
	case verb == http.MethodDelete && key != "":
		delete(s.objects, key)
		w.WriteHeader(http.StatusNoContent)
	default:
		s.refuseUnexpected(w, r)
	}
}

func (s *Server) refuseUnexpected(w http.ResponseWriter, r *http.Request) {
	s.t.Errorf("%s does not know %s %s with %v", s.dialect, r.Method, r.URL, r.Header)
	s.writeError(w, http.StatusNotImplemented, "NotImplemented", "")
}

// checkSignature checks who asks, as far as that shows without the secret.
func (s *Server) checkSignature(w http.ResponseWriter, r *http.Request) bool {
	begin := map[Dialect]string{
		S3: "AWS4-HMAC-SHA256 Credential=" + GoodID + "/", OSS: "OSS4-HMAC-SHA256 Credential=" + GoodID + "/", OBS: "AWS " + GoodID + ":",
	}[s.dialect]
	token := r.Header.Get("X-Amz-Security-Token") + r.Header.Get("X-Oss-Security-Token")
	if signed, is := s.signedURL(r); is {
		return s.checkLink(w, r, signed)
	}
	switch {
	case r.Header.Get("Authorization") == "":
		s.writeError(w, http.StatusForbidden, "AccessDenied", "anonymous")
	case !strings.HasPrefix(r.Header.Get("Authorization"), begin):
		s.writeError(w, http.StatusForbidden, "InvalidAccessKeyId", r.Header.Get("Authorization"))
	case token != s.token:
		s.writeError(w, http.StatusForbidden, "InvalidToken", token)
	default:
		return true
	}
	return false
}

func (s *Server) serveGet(w http.ResponseWriter, r *http.Request, key string) {
	data, there := s.objects[key]
	if !there {
		s.writeError(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	w.Header().Set("ETag", etagOf(data))
	if r.Header.Get("If-None-Match") == etagOf(data) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	s.addChecksum(w, data)
	for parameter, header := range map[string]string{"response-content-type": "Content-Type", "response-content-disposition": "Content-Disposition"} {
		if value := r.URL.Query().Get(parameter); value != "" {
			w.Header().Set(header, value)
		}
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data)
}

// addChecksum adds the checksum by which OSS's SDK verifies data.
func (s *Server) addChecksum(w http.ResponseWriter, data []byte) {
	if s.dialect == OSS {
		w.Header().Set("X-Oss-Hash-Crc64ecma", strconv.FormatUint(crc64.Checksum(data, crc64.MakeTable(crc64.ECMA)), 10))
	}
}

func (s *Server) servePut(w http.ResponseWriter, r *http.Request, key string) {
	data, err := io.ReadAll(r.Body)
	if err != nil || r.ContentLength != int64(len(data)) || r.Header.Get("Content-Encoding") != "" {
		s.writeError(w, http.StatusBadRequest, "IncompleteBody", "")
		return
	}
	now, there := s.objects[key]
	none, match, forbid := r.Header.Get("If-None-Match"), r.Header.Get("If-Match"), r.Header.Get("X-Oss-Forbid-Overwrite")
	switch {
	case s.ignoresConditions:
	case (none != "" && none != "*") || (none+match != "" && s.dialect != S3) || (forbid != "" && s.dialect != OSS):
		s.refuseUnexpected(w, r)
		return
	case match != "" && !there:
		s.writeError(w, http.StatusNotFound, "NoSuchKey", "")
		return
	case (none == "*" && there) || (match != "" && match != etagOf(now)):
		s.writeError(w, http.StatusPreconditionFailed, "PreconditionFailed", "")
		return
	case forbid == "true" && there && s.versioning == "":
		s.writeError(w, http.StatusConflict, "FileAlreadyExists", "")
		return
	}
	if s.versioning != "" && s.dialect == OSS {
		w.Header().Set("X-Oss-Version-Id", "CAEQNhiBgMDJgZCA0BYiIDc4MGZjZ")
	}
	s.objects[key] = data
	s.addChecksum(w, data)
	w.Header().Set("ETag", etagOf(data))
}

// serveList answers version 2 of S3's lists, which OSS supports too, and version 1 for OBS's SDK.
func (s *Server) serveList(w http.ResponseWriter, q url.Values, f Fault) {
	rows, err := strconv.Atoi(q.Get("max-keys"))
	if err != nil || rows > maxPageKeys {
		rows = maxPageKeys
	}
	after := q.Get("continuation-token")
	if s.dialect == OBS {
		after = q.Get("marker")
	} else if q.Get("list-type") != "2" {
		s.t.Errorf("%s is asked for a list of version 1", s.dialect)
	}
	var keys []string
	for key := range s.objects {
		if strings.HasPrefix(key, q.Get("prefix")) && key > after {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	truncated := len(keys) > rows
	if truncated {
		keys = keys[:rows]
	}
	next := ""
	if truncated {
		next = keys[len(keys)-1]
	}
	if f == StuckPage {
		truncated, next = true, after
	}
	_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\"?><ListBucketResult><Name>%s</Name><EncodingType>url</EncodingType><KeyCount>%d</KeyCount>",
		s.bucket, len(keys))
	if q.Get("encoding-type") != "url" {
		s.t.Error("the keys of a list are not asked for with encoding-type=url")
	}
	_, _ = fmt.Fprintf(w, "<IsTruncated>%t</IsTruncated>", truncated)
	if truncated && s.dialect != OBS {
		_, _ = fmt.Fprintf(w, "<NextContinuationToken>%s</NextContinuationToken>", s.encodeToken(next))
	}
	if truncated && s.dialect == OBS {
		_, _ = fmt.Fprintf(w, "<NextMarker>%s</NextMarker>", url.QueryEscape(next))
	}
	for _, key := range keys {
		_, _ = fmt.Fprintf(w, "<Contents><Key>%s</Key><Size>%d</Size><ETag>%s</ETag></Contents>",
			url.QueryEscape(key), len(s.objects[key]), escapeXML(etagOf(s.objects[key])))
	}
	_, _ = io.WriteString(w, "</ListBucketResult>")
}

// encodeToken encodes a continuation token. OSS encodes it like the keys, S3 does not.
func (s *Server) encodeToken(next string) string {
	if s.dialect == OSS {
		return url.QueryEscape(next)
	}
	return escapeXML(next)
}

func escapeXML(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // writing to a Builder never fails
	return out.String()
}
