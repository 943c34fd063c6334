package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

// eventTimeout is how long an event is handled: enough for all queries to a cloud that does not show the change yet (2,
// 4, 8, 16 s apart).
const eventTimeout = time.Minute

func eventCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	limit := eventTimeout
	var from eventSource
	cmd := &cobra.Command{
		Use:   "event FILE",
		Short: o.lang.Text("处理一个保存下来的云事件（"+strings.Join(session.EventClouds(o.lang), "、")+" 的 JSON；- 表示标准输入），与函数走同一条路径", "Handle a saved cloud event (JSON of "+strings.Join(session.EventClouds(o.lang), ", ")+"; - is standard input) on the path that functions take"),
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit <= 0 {
				return &exitError{exitUsage, errors.New(o.lang.Textf("--timeout: %s 不是正的时长", "--timeout: %s is no positive duration", limit))}
			}
			if err := o.output.checkWritable(o.lang); err != nil {
				return &exitError{exitUsage, err}
			}
			payload, err := readPayload(args[0], cmd.InOrStdin())
			if err == nil {
				err = from.detectCloud(payload, o.lang)
			}
			if err != nil {
				return &exitError{exitUsage, err}
			}
			return o.runEvent(cmd.Context(), payload, from, limit, stdout, stderr)
		},
	}
	cmd.Flags().DurationVar(&limit, "timeout", eventTimeout, o.lang.Text("最多处理多久；到时云上还看不到的变化留给下一次完整同步", "how long it is handled at most; a change that the cloud does not show by then is left to the next full run"))
	cmd.Flags().StringVar(&from.cloudFlag, "cloud", "", o.lang.Text("事件是哪个云的，与配置里的 type 写法相同（默认：按内容判断）", "the event's cloud, spelt as type is in the configuration (without it the content decides)"))
	cmd.Flags().StringVar(&from.origin.ProjectID, "project", "", o.lang.Text("华为云：发出事件的项目 ID，函数从 RUNTIME_PROJECT_ID 得到它", "Huawei Cloud: id of the project that sent the event; functions have it from RUNTIME_PROJECT_ID"))
	return cmd
}

// eventSource is the cloud that sent an event, and from where.
type eventSource struct {
	cloudFlag string // --cloud
	cloud     inventory.Cloud
	origin    cloud.Origin
}

// detectCloud sets the cloud that sent the event; "" = the event looks like none that is known.
func (s *eventSource) detectCloud(payload []byte, lang language.Lang) error {
	if s.cloudFlag == "" {
		s.cloud = session.EventSender(payload)
		return nil
	}
	s.cloud = session.Clouds().Parse(s.cloudFlag)
	if s.cloud == "" {
		return errors.New(lang.Textf("--cloud: %q 不是已知的云", "--cloud: %q is no cloud known", s.cloudFlag))
	}
	return nil
}

func readPayload(name string, stdin io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(name)
}

// runEvent handles a saved event as the function would, for no longer than the limit, and prints the outcome of each
// part.
func (o *options) runEvent(ctx context.Context, payload []byte, from eventSource, limit time.Duration, stdout, stderr io.Writer) error {
	s, err := o.openSession(ctx, stderr)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer s.close()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer := s.HandleEvents(ctx, session.Events{Parsed: session.ParseEvents(from.cloud, payload, from.origin)})
	s.progress.clearLine()
	for _, e := range answer.Results {
		fmt.Fprintf(stdout, "%s  %s  %s  %s\n", outcomeText(e.Outcome, s.Language()), stripControls(e.ID), stripControls(e.Description), stripControls(e.Reason))
	}
	o.printSummary(stdout, answer.Report, s.Language())
	printRunStep(ctx, stdout, engine.RunResult{Report: answer.Report}, s.Language())
	if err := o.output.write(answer); err != nil {
		return &exitError{exitFailed, err}
	}
	return eventExitError(answer)
}

// stripControls replaces what could move a terminal's cursor: anybody may write the text of an event.
func stripControls(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return '?'
	}, text)
}

// outcomeText words the outcome of an event.
func outcomeText(o reconcile.EventOutcome, lang language.Lang) string {
	switch o {
	case reconcile.EventDone:
		return lang.Text("完成", "done")
	case reconcile.EventIgnored:
		return lang.Text("忽略", "ignored")
	case reconcile.EventLater:
		return lang.Text("稍后", "later")
	case reconcile.EventHeld:
		return lang.Text("暂缓", "held")
	case reconcile.EventFailed:
		return lang.Text("失败", "failed")
	}
	return string(o)
}

// eventExitError returns the exit code of events. A failure that a platform would deliver again is a partial one if
// anything else was done.
func eventExitError(answer reconcile.EventReport) error {
	failed, fine, held, done := 0, 0, 0, 0
	for _, e := range answer.Results {
		switch e.Outcome {
		case reconcile.EventFailed:
			failed++
		case reconcile.EventHeld:
			held++
		case reconcile.EventDone:
			done++
			fine++
		default:
			fine++
		}
	}
	switch {
	case failed > 0 && done == 0 && hasBastionMistake(answer.Errors):
		return &exitError{code: exitUsage}
	case failed > 0 && fine+held == 0:
		return &exitError{code: exitFailed}
	case failed+held > 0:
		return &exitError{code: exitPartial}
	}
	return nil
}

// hasBastionMistake reports whether JumpServer refused the key or another organisation answered. A refused key of a
// cloud account is that account's failure.
func hasBastionMistake(errs []report.ErrorEntry) bool {
	for _, e := range errs {
		switch e.Kind {
		case inventory.Organisation:
			return true
		case inventory.BadCredentials:
			if strings.HasPrefix(e.Message, "jumpserver") {
				return true
			}
		}
	}
	return false
}
