package functiontest

import (
	"regexp"
	"strings"

	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// testRequestsInLog: each line of the log names the platform's request once, and times are in the configured zone.
func testRequestsInLog(w *World) {
	w.FillInstances(0, 3, "cn-beijing")
	w.Env["LOG_LEVEL"], w.Env["TIMEZONE"] = "DEBUG", "Asia/Kathmandu"
	w.Start()
	w.Run("", report.OK, runtimetest.Options{})
	w.Run("", report.OK, runtimetest.Options{})
	request := regexp.MustCompile(`^time=\S+\+05:45 level=.* run=([A-Z2-7]{26})( |$)`) // see runtimetest's ids
	seen := map[string]bool{}
	for line := range strings.Lines(w.Process.Output()) {
		if !strings.Contains(line, "level=") {
			continue
		}
		m := request.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil || strings.Count(line, " run=") != 1 {
			w.Fatalf("a line without its request, or in another time zone: %s", line)
		}
		seen[m[1]] = true
	}
	if len(seen) != 2 {
		w.Errorf("%d requests are named, two were made", len(seen))
	}
}
