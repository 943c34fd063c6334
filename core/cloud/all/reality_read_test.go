package all_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/jms-sync/jms-sync/core/inventory"
)

type object = map[string]any

const (
	cloudTencent inventory.Cloud = "tencent"
	cloudAzure   inventory.Cloud = "azure"
)

// recordedAnswer is one list of instances of one cloud as it was recorded.
type recordedAnswer struct {
	cloud inventory.Cloud
	rows  []object
	wire  bool           // AWS: the rows have the names of the XML, not those of the SDKs
	azure azureResources // of the whole file: a machine's addresses are in other answers
}

// recording holds the answers of one file.
type recording struct {
	answers []recordedAnswer
	azure   azureResources
	unknown []string
}

// readRecording finds the lists of instances of a file, wherever in it they stand: in the body of a recorded
// request, in a placebo's data, in a document's example, or alone.
func readRecording(name string, body []byte) recording {
	var r recording
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	documents, err := parseText(body)
	switch {
	case err == nil:
		r.walk(documents)
	case path.Ext(name) == ".md" || path.Ext(name) == ".rst":
		for _, block := range codeBlocks(string(body)) {
			documents, err := parseText([]byte(block))
			if err == nil {
				r.walk(documents)
			} else if strings.HasPrefix(strings.TrimSpace(block), "{") {
				r.unknown = append(r.unknown, "a block that is not the JSON that it should be")
			}
		}
	case path.Ext(name) == ".yaml" || path.Ext(name) == ".yml" || bytes.HasPrefix(body, []byte("interactions:")):
		var document any
		if yaml.Unmarshal(body, &document) != nil {
			r.unknown = append(r.unknown, "not the YAML that it should be")
		}
		r.walk(document)
	default:
		r.unknown = append(r.unknown, "not JSON, XML, YAML, Markdown or reStructuredText")
	}
	if len(r.azure.machines) > 0 {
		r.answers = append(r.answers, recordedAnswer{cloud: cloudAzure, azure: r.azure})
	}
	if len(r.answers) == 0 && len(r.unknown) == 0 {
		r.unknown = append(r.unknown, "no list of instances")
	}
	return r
}

// parseText reads one or several JSON documents, or one of XML.
func parseText(text []byte) ([]any, error) {
	text = bytes.TrimSpace(text)
	if bytes.HasPrefix(text, []byte("<")) {
		document, err := parseXML(text)
		return []any{document}, err
	}
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return nil, errors.New("neither JSON nor XML")
	}
	var all []any
	for reader := decodeNumbers(text); ; {
		var one any
		err := reader.Decode(&one)
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, one)
	}
}

// decodeNumbers returns a decoder that keeps numbers as they are written.
func decodeNumbers(text []byte) *json.Decoder {
	reader := json.NewDecoder(bytes.NewReader(text))
	reader.UseNumber()
	return reader
}

var fencedBlock = regexp.MustCompile("(?ms)^[ \t]*```[a-zA-Z]*[ \t]*\r?\n(.*?)^[ \t]*```")

// codeBlocks returns the blocks of code of Markdown, between fences, and of reStructuredText, where all that
// is indented further than a line with "::" is code.
func codeBlocks(document string) []string {
	var blocks []string
	for _, found := range fencedBlock.FindAllStringSubmatch(document, -1) {
		blocks = append(blocks, found[1])
	}
	lines := strings.Split(document, "\n")
	for i, line := range lines {
		if !strings.Contains(line, "::") {
			continue
		}
		end := i + 1
		for end < len(lines) && (strings.TrimSpace(lines[end]) == "" || indentOf(lines[end]) > indentOf(line)) {
			end++
		}
		blocks = append(blocks, strings.Join(lines[i+1:end], "\n"))
	}
	return blocks
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

// walk visits every value of a document, and those of the documents in its texts.
func (r *recording) walk(value any) {
	switch v := value.(type) {
	case object:
		r.visit(v)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			r.walk(v[key])
		}
	case []any:
		for _, one := range v {
			r.walk(one)
		}
	case string:
		if documents, err := parseText([]byte(v)); err == nil {
			r.walk(documents)
		}
	}
}

// visit keeps an object that is an answer.
func (r *recording) visit(v object) {
	r.azure.add(v)
	if rows, ok := v["Reservations"].([]any); ok {
		r.keep(recordedAnswer{cloud: inventory.AWS, rows: objects(rows)})
	}
	if answer, ok := v["DescribeInstancesResponse"].(object); ok {
		switch {
		case answer["reservationSet"] != nil:
			r.keep(recordedAnswer{cloud: inventory.AWS, rows: list(answer, "reservationSet"), wire: true})
		case answer["Instances"] != nil:
			r.unknown = append(r.unknown, "Alibaba's XML, which nobody asks for")
		default:
			r.unknown = append(r.unknown, "XML without a reservationSet")
		}
	}
	if holder, ok := v["Instances"].(object); ok {
		if rows, ok := holder["Instance"].([]any); ok {
			r.keep(recordedAnswer{cloud: inventory.Alibaba, rows: objects(rows)})
		}
	}
	if rows, ok := v["InstanceSet"].([]any); ok {
		if all := objects(rows); slices.ContainsFunc(all, func(row object) bool { return row["Placement"] == nil }) {
			r.unknown = append(r.unknown, "InstanceSet of another API")
		} else {
			r.keep(recordedAnswer{cloud: cloudTencent, rows: all})
		}
	}
	r.visitHuawei(v)
}

// visitHuawei keeps a list of servers, or one server, with their fields: a short list has names only, and one of
// images, or of other things that are called servers, has no flavours.
func (r *recording) visitHuawei(v object) {
	rows, isList := v["servers"].([]any)
	if one, ok := v["server"].(object); ok && !isList {
		rows, isList = []any{one}, true
	}
	all := objects(rows)
	switch {
	case !isList:
	case slices.ContainsFunc(all, func(row object) bool { return row["status"] == nil || row["addresses"] == nil && row["flavor"] == nil }):
		r.unknown = append(r.unknown, "servers without their fields")
	default:
		r.keep(recordedAnswer{cloud: inventory.Huawei, rows: all})
	}
}

// keep adds an answer, once: cassettes repeat them.
func (r *recording) keep(a recordedAnswer) {
	same := func(b recordedAnswer) bool { return a.cloud == b.cloud && encode(a.rows) == encode(b.rows) }
	if !slices.ContainsFunc(r.answers, same) {
		r.answers = append(r.answers, a)
	}
}

func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func objects(values []any) []object {
	var all []object
	for _, value := range values {
		if one, ok := value.(object); ok {
			all = append(all, one)
		}
	}
	return all
}

// parseXML reads a document into the form of JSON: elements named item are a list, those without any text or
// element are "".
func parseXML(text []byte) (any, error) {
	var root xmlElement
	if err := xml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	return object{root.XMLName.Local: root.value()}, nil
}

type xmlElement struct {
	XMLName xml.Name
	Text    string       `xml:",chardata"`
	Inner   []xmlElement `xml:",any"`
}

func (e xmlElement) value() any {
	if len(e.Inner) == 0 {
		return strings.TrimSpace(e.Text)
	}
	var items []any
	fields := object{}
	for _, one := range e.Inner {
		if one.XMLName.Local == "item" {
			items = append(items, one.value())
		} else {
			fields[one.XMLName.Local] = one.value()
		}
	}
	if items != nil {
		return items
	}
	return fields
}
