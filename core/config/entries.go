package config

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
)

// entryList is a list of groups in a Config, of which variables name each by its index: accounts, channels.
type entryList struct {
	path   string // "clouds"
	prefix string // begins the variables; the index, "_" and the setting's own name follow
	preset any    // an entry with the defaults
	next   language.Text
	find   func(*Config) any
}

func accountList() entryList {
	return entryList{
		"clouds", settingPrefix + "CLOUDS_", DefaultCloud(), language.New("下一个账号", "the next account"),
		func(c *Config) any { return &c.Clouds },
	}
}

func channelList() entryList {
	return entryList{
		"notification.channels", settingPrefix + "NOTIFICATION_CHANNELS_", DefaultChannel(), language.New("下一个渠道", "the next channel"),
		func(c *Config) any { return &c.Notification.Channels },
	}
}

func entryLists() []entryList { return []entryList{accountList(), channelList()} }

// isEntryList reports whether a field is a list of accounts or of channels.
func isEntryList(t reflect.Type) bool {
	for _, l := range entryLists() {
		if t.Kind() == reflect.Slice && t.Elem() == reflect.TypeOf(l.preset) {
			return true
		}
	}
	return false
}

// newEntry returns an entry with the defaults of a list's type, to be set.
func newEntry(list reflect.Type) reflect.Value {
	entry := reflect.New(list.Elem()).Elem()
	for _, l := range entryLists() {
		if list.Elem() == reflect.TypeOf(l.preset) {
			entry.Set(reflect.ValueOf(l.preset))
		}
	}
	return entry
}

// entries returns the list in a Config.
func (l entryList) entries(c *Config) reflect.Value { return reflect.ValueOf(l.find(c)).Elem() }

// fields returns the settings of the entry with this index.
func (l entryList) fields(c *Config, index int) []settingField {
	n := strconv.Itoa(index)
	return listFields(l.entries(c).Index(index), l.path+"["+n+"]", l.prefix+n+"_")
}

// presetFields returns the settings of an entry that is not in a list, with these marks in place of an index.
func (l entryList) presetFields(at, index string) []settingField {
	entry := reflect.New(reflect.TypeOf(l.preset)).Elem()
	entry.Set(reflect.ValueOf(l.preset))
	return listFields(entry, l.path+at, l.prefix+index+"_")
}

// parseVariable splits a name such as JMS_SYNC_CLOUDS_3_TYPE.
func (l entryList) parseVariable(name string) (index int, key string, ok bool) {
	rest, ok := strings.CutPrefix(name, l.prefix)
	digits, key, cut := strings.Cut(rest, "_")
	index, err := strconv.Atoi(digits)
	if !ok || !cut || err != nil || index < 0 || strconv.Itoa(index) != digits {
		return 0, "", false
	}
	return index, key, true
}

// variableKeys returns the last parts of an entry's variables ("ACCESS_KEY_ID").
func (l entryList) variableKeys() []string {
	var keys []string
	for _, f := range l.presetFields("[0]", "0") {
		keys = append(keys, strings.TrimPrefix(f.env, l.prefix+"0_"))
	}
	return keys
}
