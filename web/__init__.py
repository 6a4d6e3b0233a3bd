"""What do people and programs see of the engine over HTTP?"""
