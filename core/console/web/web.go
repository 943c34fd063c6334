// Package web has the page of the console: static files that need no build step.
package web

import "embed"

//go:embed *.html *.css *.js
var files embed.FS

// Files returns the files, by their names below /.
func Files() embed.FS { return files }
