package dingtalktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// parseCard parses an action card with one button, strictly: an unknown, missing or empty field
// is an error, and so is a mention that the text does not show.
func parseCard(body []byte) (Message, error) {
	var card struct {
		Type string `json:"msgtype"`
		Card *struct {
			Title       string `json:"title"`
			Text        string `json:"text"`
			SingleTitle string `json:"singleTitle"`
			SingleURL   string `json:"singleURL"`
			Orientation string `json:"btnOrientation"`
		} `json:"actionCard"`
		At struct {
			Mobiles []string `json:"atMobiles"`
			Users   []string `json:"atUserIds"`
			All     bool     `json:"isAtAll"`
		} `json:"at"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&card); err != nil {
		return Message{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Message{}, errors.New("more than one JSON value")
	}
	if !utf8.Valid(body) {
		return Message{}, errors.New("not UTF-8")
	}
	if card.Type != "actionCard" || card.Card == nil {
		return Message{}, fmt.Errorf("msgtype %q is no action card", card.Type)
	}
	c := card.Card
	m := Message{
		Title: c.Title, Text: c.Text, SingleTitle: c.SingleTitle, SingleURL: c.SingleURL,
		AtMobiles: card.At.Mobiles, AtAll: card.At.All, Bytes: len(body),
	}
	for name, value := range map[string]string{
		"title": c.Title, "text": c.Text, "singleTitle": c.SingleTitle, "singleURL": c.SingleURL,
	} {
		if value == "" {
			return Message{}, errors.New("missing " + name)
		}
	}
	if c.Orientation != "0" && c.Orientation != "1" {
		return Message{}, fmt.Errorf("btnOrientation %q", c.Orientation)
	}
	for _, mobile := range m.AtMobiles {
		if !strings.Contains(m.Text, "@"+mobile) {
			return Message{}, errors.New("a mention that the text does not show reaches nobody")
		}
	}
	return m, nil
}
