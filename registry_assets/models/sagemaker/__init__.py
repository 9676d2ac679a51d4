"""A team at Amazon SageMaker brings its history here, and goes on there: `make sagemaker`.

Nobody here has an account: the story takes place at moto, a double, and says so.
"""
