package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// checkKinds checks an account's kinds of instances, which are in lower case afterwards.
func (k checker) checkKinds(path string, c *Cloud) {
	if len(c.Kinds) == 0 || c.Cloud == "" {
		return
	}
	names := k.known.Find(c.Cloud).KindNames()
	if len(names) == 0 {
		k.add(path, k.onlyForText(hasKinds))
		return
	}
	for i, kind := range c.Kinds {
		at, kind := path+"["+strconv.Itoa(i)+"]", strings.ToLower(kind)
		switch {
		case k.notePlaceholder(at, kind):
		case !slices.Contains(names, kind):
			k.add(at, language.New("应为 "+strings.Join(names, "、")+" 之一", "must be one of "+strings.Join(names, ", ")))
		case slices.Contains(c.Kinds[:i], kind):
			k.add(at, language.New("种类重复", "the kind is there twice"))
		}
		c.Kinds[i] = kind
	}
}

func hasKinds(c inventory.CloudInfo) bool { return len(c.Kinds) > 0 }

// kindTexts returns the kinds of each cloud that has several, as the reference lists them.
func kindTexts(known inventory.CloudTable) (zh, en string) {
	comma, semicolon := language.New("、", ", "), language.New("；", "; ")
	var textsZH, textsEN []string
	for _, c := range known {
		if !hasKinds(c) {
			continue
		}
		namesZH, namesEN := []string{c.MainKind}, []string{c.MainKind}
		for _, kind := range c.Kinds {
			named := language.New(kind.Name+"（"+kind.Title.ZH+"）", kind.Name+" ("+kind.Title.EN+")")
			namesZH, namesEN = append(namesZH, named.ZH), append(namesEN, named.EN)
		}
		textsZH = append(textsZH, c.Name.ZH+" "+strings.Join(namesZH, comma.ZH))
		textsEN = append(textsEN, c.Name.EN+" "+strings.Join(namesEN, comma.EN))
	}
	return strings.Join(textsZH, semicolon.ZH), strings.Join(textsEN, semicolon.EN)
}
