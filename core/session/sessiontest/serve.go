package sessiontest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

// Announcement is the first line that Serve prints.
type Announcement struct {
	JumpServer  string            `json:"jumpserver"` // base URLs
	Alibaba     string            `json:"alibaba"`
	DingTalk    string            `json:"dingtalk"`
	Environment map[string]string `json:"environment"` // everything that jms-sync needs to run against them
	// Configuration is the text of a configuration with rules, beside the environment; "" = there are none.
	Configuration string `json:"configuration,omitempty"`
}

// Environ returns the environment in the form of os.Environ.
func (a Announcement) Environ() []string {
	var list []string
	for name, value := range a.Environment {
		list = append(list, name+"="+value)
	}
	return list
}

// Config returns the configuration that the environment defines, and where there are rules their text.
func (a Announcement) Config(ctx context.Context) (config.Config, error) {
	return config.Load(ctx, config.Source{Env: a.Environ(), ReadFile: a.readFile, Clouds: session.Clouds()})
}

func (a Announcement) readFile(string) ([]byte, error) {
	if a.Configuration == "" {
		return nil, fs.ErrNotExist
	}
	return []byte(a.Configuration), nil
}

// Sync makes one run in this process.
func (a Announcement) Sync(ctx context.Context) (report.Report, error) {
	cfg, err := a.Config(ctx)
	if err != nil {
		return report.Report{}, err
	}
	s, err := session.Open(session.Options{Config: cfg})
	if err != nil {
		return report.Report{}, err
	}
	defer s.Close()
	out := s.Sync(ctx, session.Request{})
	return out.Report, out.Err
}

// Serve starts the emulators, announces them in one line of JSON, and answers each line of the input with one. It ends
// with the input or the context.
func (w World) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	e, err := w.Start(ctx)
	if err != nil {
		return err
	}
	defer e.Close()
	answers := json.NewEncoder(out)
	err = answers.Encode(e.Announced)
	lines := readLines(ctx, in)
	for err == nil {
		select {
		case <-ctx.Done():
			return nil
		case line, open := <-lines:
			if !open {
				return nil
			}
			err = answers.Encode(e.execute(line))
		}
	}
	return err
}

// readLines returns the lines of a reader. Reading cannot be interrupted: it ends with the reader or the process.
func readLines(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(in); scan.Scan(); {
			select {
			case lines <- strings.TrimSpace(scan.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// execute carries out a line and returns its answer.
func (e *Emulators) execute(line string) any {
	switch line {
	case "stats":
		return e.Counts()
	case "reset":
		e.resetCounts()
		return map[string]bool{"reset": true}
	}
	id, ok := strings.CutPrefix(line, "release ")
	if ok {
		return map[string]bool{"released": e.releaseInstance(id)}
	}
	return map[string]string{"error": "unknown line; stats, reset and release ID are known"}
}
