"""The actions: transcribe a recording, and assess how a text is read aloud."""
