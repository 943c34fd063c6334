package main

import "github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"

// testWrongKey rotates to a key of another account while account_id stays. That key sees none of the account's
// instances, which must prove nothing.
func testWrongKey(w *world) {
	w.start()
	w.createAsset(1, "i-1")
	w.Process.Stop()
	w.ECS.AddAccount(alibabatest.Key{AccountID: "42", AccessKeyID: roleKey, AccessKeySecret: roleSecret})
	w.Env["CLOUDS_0_ACCESS_KEY_ID"], w.Env["CLOUDS_0_ACCESS_KEY_SECRET"] = roleKey, roleSecret
	w.start()
	writes := w.JMS.Writes()
	for _, state := range []string{"Stopped", "Deleted"} {
		w.WantError(w.send(newStateChange("i-1", state), shortInvocation), "of-i-1", "the key belongs to account 42")
	}
	if w.assetState("i-1") != "active" || w.JMS.Writes() != writes {
		w.Errorf("i-1 is %q after %d writes", w.assetState("i-1"), w.JMS.Writes()-writes)
	}
}
