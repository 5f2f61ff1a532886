"""From a working copy to an edition: publishing, its ledger, the proof that both agree, and changes not yet seen by a second person."""
