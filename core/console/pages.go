package console

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
)

// page serves the one page.
func (h *handler) page(w http.ResponseWriter, r *http.Request) { h.serveFile(w, r, "index.html") }

// file serves a file of the page. There are no folders, so that no path leads anywhere else.
func (h *handler) file(w http.ResponseWriter, r *http.Request) {
	h.serveFile(w, r, r.PathValue("file"))
}

func (h *handler) serveFile(w http.ResponseWriter, r *http.Request, name string) {
	kind := map[string]string{
		".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	}[path.Ext(name)]
	text, err := fs.ReadFile(h.files, name)
	if err != nil || kind == "" {
		h.unknown(w, r)
		return
	}
	sum := sha256.Sum256(text)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("Cache-Control", "no-cache") // asked for again each time, by its tag
	w.Header().Set("ETag", tag)
	w.Header().Set("Content-Type", kind)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(text)
}
