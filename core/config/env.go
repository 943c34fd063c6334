package config

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/jms-sync/jms-sync/core/language"
)

// Variables with our prefix that are no settings: EnvConfig names the file if -c does not, EnvState names the state
// store, EnvEventToken is what senders of events must know.
const (
	EnvConfig     = settingPrefix + "CONFIG"
	EnvState      = settingPrefix + "STATE"
	EnvEventToken = settingPrefix + "EVENT_TOKEN"
)

// isProgramVariable reports whether a variable with our prefix is no setting.
func isProgramVariable(name string) bool {
	return name == EnvConfig || name == EnvState || name == EnvEventToken
}

// errAlreadyNoted stands for a mistake that the collector already has.
var errAlreadyNoted = errors.New("noted")

// overrider applies the variables of the environment to a Config.
type overrider struct {
	*mistakeCollector
	vars map[string]string // those with our prefix that are not blank
}

// overrideFromEnv applies every JMS_SYNC_… variable to the setting that it names. A variable that names none is a
// mistake: a misspelt JMS_SYNC_SYNC_NO_DELETE must not be ignored.
func overrideFromEnv(l *mistakeCollector, environ map[string]string, into *Config) error {
	o := overrider{mistakeCollector: l, vars: map[string]string{}}
	for name, value := range environ {
		// A blank one is empty too: blanks must not turn a whitelist into no limit.
		blank := strings.TrimSpace(value) == ""
		if strings.HasPrefix(name, settingPrefix) && !blank && !isProgramVariable(name) {
			o.vars[name] = value
		}
	}
	for _, list := range entryLists() {
		o.addEntries(list, into)
	}
	left := maps.Clone(o.vars)
	if err := o.applyGroup(into, settingPrefix, topFields(into), left); err != nil {
		return err
	}
	// env/v11 can fill a slice of structs, but it stops at the first mistake in it, adds no entry behind those
	// of the file unless all of them are named too, and knows no defaults that the file has not overridden. So
	// each entry is a struct of its own here.
	for _, list := range entryLists() {
		for i := range list.entries(into).Len() {
			prefix := list.prefix + strconv.Itoa(i) + "_"
			if err := o.applyGroup(list.entries(into).Index(i).Addr().Interface(), prefix, list.fields(into, i), left); err != nil {
				return err
			}
		}
	}
	o.noteUnknown(left, into)
	return nil
}

// addEntries adds an entry for each index right behind the existing ones. A gap is a mistake: a variable with
// too high an index is surely meant for another entry.
func (o overrider) addEntries(list entryList, into *Config) {
	for _, index := range o.entryIndices(list) {
		entries := list.entries(into)
		switch {
		case index < entries.Len():
		case index == entries.Len():
			entries.Set(reflect.Append(entries, newEntry(entries.Type())))
		default:
			next, variables := strconv.Itoa(entries.Len()), list.prefix+strconv.Itoa(index)
			o.add(list.path+"["+strconv.Itoa(index)+"]", language.New(
				"环境变量 "+variables+"_… 跳过了编号，"+list.next.ZH+"的编号是 "+next,
				"the variables "+variables+"_… leave out a number, "+list.next.EN+" has number "+next,
			))
		}
	}
}

// entryIndices returns the indices of the entries that variables name, ascending.
func (o overrider) entryIndices(list entryList) []int {
	named, keys := map[int]bool{}, list.variableKeys()
	for name := range o.vars {
		index, key, ok := list.parseVariable(name)
		if ok && slices.Contains(keys, key) {
			named[index] = true
		}
	}
	return slices.Sorted(maps.Keys(named))
}

// applyGroup lets env/v11 fill one struct, and removes the variables that it used from left. Values are parsed as
// in the file, so that both accept the same texts.
func (o overrider) applyGroup(into any, prefix string, settings []settingField, left map[string]string) error {
	known := map[string]settingField{}
	used := map[string]string{}
	for _, s := range settings {
		known[s.env] = s
		if value, ok := o.vars[s.env]; ok {
			used[s.env] = value
			delete(left, s.env)
			o.dropBelow(s.path)
			o.mistakeCollector.vars[s.path] = s.env
		}
	}
	var current settingField // OnSet runs right before the value's parser
	read := func(text string) (any, error) { return o.readVariable(current, text) }
	err := env.ParseWithOptions(into, env.Options{
		Environment: used,
		Prefix:      prefix,
		OnSet: func(name string, _ any, _ bool) {
			current = known[name]
		},
		FuncMap: map[reflect.Type]env.ParserFunc{
			reflect.TypeFor[string]():            read,
			reflect.TypeFor[bool]():              read,
			reflect.TypeFor[int]():               read,
			reflect.TypeFor[time.Duration]():     read,
			reflect.TypeFor[[]string]():          read,
			reflect.TypeFor[[]netip.Prefix]():    read,
			reflect.TypeFor[map[string]string](): read,
		},
	})
	return unexpectedError(err)
}

// readVariable returns a setting's value from a variable's text.
func (o overrider) readVariable(s settingField, text string) (any, error) {
	w := unexpandedText(text)
	if w == (language.Text{}) && isQuoted(text) {
		w = quotedText()
	}
	if w != (language.Text{}) {
		o.add(s.path, w)
		return nil, errAlreadyNoted
	}
	if !newSettingTypes().isList(s.value.Type()) {
		value, w := parseValue(s.value.Type(), s.tag, text)
		if w != (language.Text{}) {
			o.add(s.path, w)
			return nil, errAlreadyNoted
		}
		return value, nil
	}
	var bad error
	value := parseList(s.value.Type(), splitList(text), func(i int, w language.Text) {
		o.mistakeCollector.vars[s.path+"["+strconv.Itoa(i)+"]"] = s.env
		o.add(s.path+"["+strconv.Itoa(i)+"]", w)
		bad = errAlreadyNoted
	})
	return value, bad
}

// unexpectedError returns an error of env/v11 that is no mistake of the user's: a defect in one of our tags. Its
// texts quote values, so only the error's type is shown.
func unexpectedError(err error) error {
	var all env.AggregateError
	if err == nil || !errors.As(err, &all) {
		return err
	}
	for _, e := range all.Errors {
		var parsing env.ParseError
		if !errors.As(e, &parsing) || !errors.Is(parsing.Err, errAlreadyNoted) {
			return fmt.Errorf("read the environment: %T", e)
		}
	}
	return nil
}

// noteUnknown reports the variables that no setting used.
func (o overrider) noteUnknown(left map[string]string, into *Config) {
	for _, name := range slices.Sorted(maps.Keys(left)) {
		index, noted := o.indexOf(name, into)
		if noted {
			continue
		}
		names := []string{EnvConfig, EnvState, EnvEventToken}
		for _, s := range Settings(nil) {
			names = append(names, strings.ReplaceAll(s.Env, "<n>", strconv.Itoa(index)))
		}
		o.all = append(o.all, Mistake{Path: printable(name), structural: true}.withText(suggestVariable(name, names)))
	}
}

// indexOf returns the index in the name of a variable, 0 if it has none; noted says that there is a mistake about it.
func (o overrider) indexOf(name string, into *Config) (index int, noted bool) {
	for _, list := range entryLists() {
		index, _, ok := list.parseVariable(name)
		if ok {
			return index, index >= list.entries(into).Len() && o.hasMistake(list.path+"["+strconv.Itoa(index)+"]")
		}
	}
	return 0, false
}

// suggestVariable suggests a name by what follows the prefix, which would make all names alike. For the name of a
// whole group it suggests the group's first setting.
func suggestVariable(name string, names []string) language.Text {
	w := language.New("没有这个环境变量", "no setting has this variable")
	bare := make([]string, len(names))
	for i, known := range names {
		if strings.HasPrefix(known, name+"_") {
			return withSuggestion(w, known)
		}
		bare[i] = strings.TrimPrefix(known, settingPrefix)
	}
	near := language.Nearest(strings.TrimPrefix(name, settingPrefix), bare)
	if near != "" {
		return withSuggestion(w, settingPrefix+near)
	}
	return w
}

func (m Mistake) withText(w language.Text) Mistake {
	m.ZH, m.EN = w.ZH, w.EN
	return m
}
