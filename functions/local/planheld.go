package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
)

// confirmHeld reports whether a person at a terminal confirms the held removals by typing their number. Without a
// terminal nobody is asked.
func confirmHeld(stdin io.Reader, stdout io.Writer, held int, lang language.Lang) bool {
	file, ok := stdin.(*os.File)
	if !ok || !isTerminal(file) {
		return false
	}
	return readHeldCount(stdin, stdout, held, lang)
}

// readHeldCount asks for the number of held removals and reports whether the answer is that number. Nothing else is
// consent.
func readHeldCount(stdin io.Reader, stdout io.Writer, held int, lang language.Lang) bool {
	fmt.Fprint(stdout, lang.Textf("要一并执行这 %d 项暂缓的移除或移动，请输入它们的个数；直接回车则不执行：",
		"To make these %d held removals or moves too, type their number; just Enter leaves them: ", held))
	answer, _ := bufio.NewReader(stdin).ReadString('\n')
	return strings.TrimSpace(answer) == strconv.Itoa(held)
}

// withoutHeldText says that held removals are not made.
func withoutHeldText(held int, lang language.Lang) string {
	return lang.Textf("%d 项暂缓的移除或移动不执行；加上 --include-held 才一并执行。", "%d held removals or moves are left; --include-held makes them too.", held)
}

// fileHeldText says what a plan file holds, with the same numbers as the table above it.
func fileHeldText(name string, changes []plan.ReviewLine, lang language.Lang) string {
	held := 0
	for _, l := range changes {
		if l.Held != "" {
			held++
		}
	}
	return lang.Textf("%s：%d 项变更，jms-sync apply 执行；%d 项暂缓的移除或移动，只在 --include-held 时执行。",
		"%s: %d changes, made by jms-sync apply; %d held removals or moves, made with --include-held only.", name, len(changes)-held, held)
}
