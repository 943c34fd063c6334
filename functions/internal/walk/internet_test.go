package walk

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// internet is what the programs of a walk reach: a proxy that leads the real names of hosts to emulators, by TLS with certificates of its own. A
// name that nobody answers fails the test.
type internet struct {
	t       *testing.T
	proxy   *httptest.Server
	tls     *httptest.Server
	caFile  string
	resolve func(host string) http.Handler // nil = there is no such host

	mu   sync.Mutex
	ca   *x509.Certificate
	key  *ecdsa.PrivateKey
	leaf map[string]*tls.Certificate
}

func newInternet(t *testing.T, resolve func(host string) http.Handler) *internet {
	t.Helper()
	n := &internet{t: t, resolve: resolve, leaf: map[string]*tls.Certificate{}}
	n.makeCA()
	n.tls = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resolve(hostOnly(r.Host)).ServeHTTP(w, r)
	}))
	n.tls.TLS = &tls.Config{GetCertificate: n.certificate} //nolint:gosec // loopback
	n.tls.Config.ErrorLog = log.New(io.Discard, "", 0)     // what is probed and closed
	n.tls.StartTLS()
	n.proxy = httptest.NewServer(http.HandlerFunc(n.connect))
	t.Cleanup(n.tls.Close)
	t.Cleanup(n.proxy.Close)
	return n
}

// variables lead a program into this internet.
func (n *internet) variables() []string {
	return []string{"HTTPS_PROXY=" + n.proxy.URL, "HTTP_PROXY=" + n.proxy.URL, "NO_PROXY=127.0.0.1", "SSL_CERT_FILE=" + n.caFile, "SSL_CERT_DIR=" + filepath.Dir(n.caFile)}
}

func hostOnly(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// connect makes a tunnel to the emulators.
func (n *internet) connect(w http.ResponseWriter, r *http.Request) {
	if host := hostOnly(r.Host); r.Method != http.MethodConnect || n.resolve(host) == nil {
		n.t.Errorf("%s %s: nobody answers there", r.Method, r.Host)
		http.Error(w, "no such host", http.StatusBadGateway)
		return
	}
	to, err := net.Dial("tcp", n.tls.Listener.Addr().String()) //nolint:noctx // it ends with the connection
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	from, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		_ = to.Close()
		return
	}
	_, _ = io.WriteString(from, "HTTP/1.1 200 Connection established\r\n\r\n")
	go pipe(to, buffered.Reader, from)
	go pipe(from, bufio.NewReader(to), to)
}

func pipe(to net.Conn, from io.Reader, source net.Conn) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
	_ = source.Close()
}

func (n *internet) makeCA() {
	n.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		n.t.Fatal(err)
	}
	n.key = key
	n.ca = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the walk's own"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, n.ca, n.ca, &key.PublicKey, key)
	if err != nil {
		n.t.Fatal(err)
	}
	n.caFile = filepath.Join(n.t.TempDir(), "ca.pem")
	if err := os.WriteFile(n.caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

// certificate makes the certificate of a host when it is asked for.
func (n *internet) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	host := hello.ServerName
	if host == "" || strings.Contains(host, "*") {
		return nil, fmt.Errorf("no name of a host: %q", host)
	}
	if n.leaf[host] == nil {
		der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
			SerialNumber: big.NewInt(int64(len(n.leaf) + 2)), DNSNames: []string{host},
			NotBefore: n.ca.NotBefore, NotAfter: n.ca.NotAfter, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}, n.ca, &n.key.PublicKey, n.key)
		if err != nil {
			return nil, err
		}
		n.leaf[host] = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: n.key}
	}
	return n.leaf[host], nil
}
