package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

// planFile is what plan -o writes: the results document, with what apply reads under "plan".
type planFile struct {
	report.Report
	plan session.ReviewedPlan
}

func newPlanFile(to config.JumpServer, out engine.RunResult, remap bool, now time.Time) planFile {
	return planFile{Report: out.Report, plan: session.NewReviewedPlan(to, out.Review, remap, now)}
}

// JSON writes the results document with the plan as its last field.
func (f planFile) JSON(w io.Writer) error {
	var results, reviewed bytes.Buffer
	if err := errors.Join(f.Report.JSON(&results), report.EncodeJSON(&reviewed, f.plan)); err != nil {
		return err
	}
	whole := bytes.TrimSuffix(results.Bytes(), []byte("\n}\n"))
	whole = append(whole, ",\n  \"plan\": "...)
	whole = append(whole, bytes.ReplaceAll(bytes.TrimSpace(reviewed.Bytes()), []byte("\n"), []byte("\n  "))...)
	_, err := w.Write(append(whole, "\n}\n"...))
	return err
}

// readPlan reads what plan -o wrote. It refuses a plan that is changed, for another JumpServer, or too old.
func readPlan(name string, to config.JumpServer, now time.Time, lang language.Lang) (session.ReviewedPlan, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return session.ReviewedPlan{}, err
	}
	return parsePlan(name, text, to, now, lang)
}

func parsePlan(name string, text []byte, to config.JumpServer, now time.Time, lang language.Lang) (session.ReviewedPlan, error) {
	var file struct {
		Plan *session.ReviewedPlan `json:"plan"`
	}
	if err := json.Unmarshal(text, &file); err != nil || file.Plan == nil {
		return session.ReviewedPlan{}, errors.New(lang.Textf("%s: 不是 jms-sync plan -o 写出的文件", "%s: no file of jms-sync plan -o", name))
	}
	p := *file.Plan
	if err := p.Check(to, now); err != nil {
		return p, errors.New(name + ": " + language.ErrorText(err, lang))
	}
	if p.Changes == nil {
		p.Changes = []plan.ReviewLine{}
	}
	return p, nil
}

func applyCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	includeHeld := false
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: o.lang.Text("执行 jms-sync plan -o FILE 写出的计划：重新读取、重新计划，只执行与文件完全相同的变更", "Make the changes of a file of jms-sync plan -o FILE: list and plan again, and make only what is exactly as in the file"),
		Long: o.lang.Text("重新读取 JumpServer 与云，重新计划，只执行与文件里完全相同的变更（资产、操作、字段与值都相同）；\n"+
			"文件之后有变化的、不在文件里的一律不执行，并列出。文件里没有暂缓的移除视为已批准，移除前仍逐个证实；\n"+
			"暂缓的先列出，只在 --include-held 或在终端输入它们的个数时执行。\n"+
			"文件 24 小时内有效。sync.approval: all 时，变更只能这样写入。",
			"JumpServer and the clouds are listed again, and only what is exactly as in the file is done (asset, action, fields and values);\n"+
				"what changed since, or is not in the file, is not made but listed. Removals that the file does not hold count as approved, and are\n"+
				"still proved one by one; held ones are listed first and made with --include-held, or when their number is typed at the terminal.\n"+
				"A file serves for 24 hours. With sync.approval: all changes are made by this command only."),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.applyPlan(cmd.Context(), args[0], stdout, stderr, func(held int, lang language.Lang) bool {
				return includeHeld || confirmHeld(cmd.InOrStdin(), stdout, held, lang)
			})
		},
	}
	cmd.Flags().BoolVar(&includeHeld, "include-held", false, o.lang.Text("也执行文件里暂缓的移除（仍逐个证实）与移动", "make the removals (each is still proved) and moves too that the file holds"))
	return cmd
}

// applyPlan makes the changes of a plan file; include decides on the held ones.
func (o *options) applyPlan(ctx context.Context, name string, stdout, stderr io.Writer, include func(held int, lang language.Lang) bool) error {
	cfg, err := o.loadConfig(ctx)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	lang := language.Lang(cfg.Language)
	p, err := readPlan(name, cfg.JumpServer, time.Now(), lang)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	if held := p.Held(); len(held) > 0 {
		if err := report.WriteHeldTable(stdout, held, lang); err != nil {
			return &exitError{exitFailed, err}
		}
		if include(len(held), lang) {
			p = p.WithHeldApproved()
		} else {
			fmt.Fprintln(stdout, withoutHeldText(len(held), lang))
		}
	}
	o.remap = p.Remap
	return o.runWithRetries(ctx, stdout, stderr, func(ctx context.Context, s *terminalSession) engine.RunResult {
		out := s.Apply(ctx, p.Changes, isRetryable)
		if out.PlanLines != nil {
			o.printPlan(s, stdout, out)
		}
		return out
	}, false)
}
