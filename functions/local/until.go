package main

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/language"
)

const (
	// maxUntilAhead is how far ahead a pause or an announcement may reach: more is a slip of the hand.
	maxUntilAhead = 366 * 24 * time.Hour
	// maxReasonLength is how many characters a reason may have: a card shows all of it.
	maxReasonLength = 120
)

// untilHelp says what --until accepts.
func untilHelp() language.Text {
	return language.New("RFC3339 时间、15:04（下一次到这个时刻，按配置的时区）或 4h、1d12h 这样的时长",
		"a time in RFC 3339, 15:04 (the next one, in the configured time zone), or a duration such as 4h, 1d12h")
}

// parseUntil parses --until: an RFC 3339 time, the next 15:04 of the configured time zone, or a duration from now.
func parseUntil(text string, now time.Time, zone *time.Location, lang language.Lang) (time.Time, error) {
	end, err := parseUntilTime(strings.TrimSpace(text), now, zone, lang)
	switch {
	case err != nil:
		return time.Time{}, err
	case !end.After(now):
		return time.Time{}, errors.New(lang.Textf("--until: %s 已经过去", "--until: %s is over", end.Format(time.RFC3339)))
	case end.Sub(now) > maxUntilAhead:
		return time.Time{}, errors.New(lang.Textf("--until: %s 离现在超过一年", "--until: %s is more than a year ahead", end.Format(time.RFC3339)))
	}
	return end.Truncate(time.Second), nil
}

func parseUntilTime(text string, now time.Time, zone *time.Location, lang language.Lang) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if at, err := time.Parse("15:04", text); err == nil {
		here := now.In(zone)
		next := time.Date(here.Year(), here.Month(), here.Day(), at.Hour(), at.Minute(), 0, 0, zone)
		if !next.After(now) {
			next = time.Date(here.Year(), here.Month(), here.Day()+1, at.Hour(), at.Minute(), 0, 0, zone)
		}
		return next, nil
	}
	_, err := strconv.ParseFloat(text, 64)
	d, ok := config.ParseDuration(text)
	if err == nil || !ok { // a number without a unit may be meant as hours
		return time.Time{}, errors.New(lang.Textf("--until: %q 不是 %s", "--until: %q is not %s", text, untilHelp().In(lang)))
	}
	return now.Add(d), nil
}

// checkReason refuses a reason that is too long for a card.
func checkReason(reason string, lang language.Lang) error {
	if len([]rune(reason)) > maxReasonLength {
		return errors.New(lang.Textf("--reason: 最多 %d 个字符", "--reason: at most %d characters", maxReasonLength))
	}
	return nil
}

// operatorName names the person who runs the command.
func operatorName() string {
	name := "?"
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return stripControls(name)
}
