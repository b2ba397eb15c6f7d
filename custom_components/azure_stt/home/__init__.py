"""The home: commands that Home Assistant understands, and the text that it gets.

`assist` asks Home Assistant's agent, `selection` chooses among Azure's alternatives,
`name_matching` and `decisive_words` correct misheard names without changing the action
(`opposed_words` lists opposites by hand, `intent_words` finds them in Home Assistant's sentences),
`learned` is what users taught and `recent` what they can correct, `text_format` formats the text,
`phrases` are those of automations, `signals` announces each utterance, and `backup_engine` asks
another speech engine.
"""
