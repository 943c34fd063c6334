package main

import "github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"

// wrongKey rotates to a key of another account, while account_id stays: that key sees none of
// the account's instances, which must prove nothing.
func wrongKey(w *world) {
	w.start()
	w.known(1, "i-1")
	w.Process.Stop()
	w.ECS.AddAccount(alibabatest.Key{AccountID: "42", AccessKeyID: roleKey, AccessKeySecret: roleSecret})
	w.Env["CLOUDS_0_ACCESS_KEY_ID"], w.Env["CLOUDS_0_ACCESS_KEY_SECRET"] = roleKey, roleSecret
	w.start()
	writes := w.JMS.Writes()
	for _, state := range []string{"Stopped", "Deleted"} {
		w.Fails(w.send(change("i-1", state), brief), "of-i-1", "the key belongs to account 42")
	}
	if w.state("i-1") != "active" || w.JMS.Writes() != writes {
		w.Errorf("i-1 is %q after %d writes", w.state("i-1"), w.JMS.Writes()-writes)
	}
}
